import ArgumentParser
import FoundationEssentials
import Glibc
import PodControl
import PodIdentity
import PodViews
import Program

/// `compose-executor events POD`: what has happened to a pod.
struct EventsCommand: AsyncParsableCommand {
  /// How events are printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Show what has happened to a pod.",
    discussion: """
      Prints the last 1,000 events of the pod's history, which its executor holds, and with --follow those \
      to come, until the pod has ended. With --format json each is an object on a line of its own.
      """)

  @OptionGroup var pod: PodArgument

  @Flag(name: .shortAndLong, help: "Print further events as they happen.")
  var follow = false

  @Option(help: "text or json.")
  var format: Format = .text

  func run() async throws {
    let target = try await ControlTarget.find(pod)
    do {
      let connection = try await target.client.connect(until: .now + .seconds(10))
      connection.send(ControlRequest(.events, task: target.identity.taskID, follow: follow))
      while true {
        let deadline: ContinuousClock.Instant? = follow ? nil : .now + .seconds(10)
        guard let line = try await connection.next(until: deadline) else { break }
        if let event = line.event {
          let text = format == .json ? try Self.json(event) : Self.line(event)
          // Whoever reads has had enough.
          guard Self.write(text + "\n") else { return }
        }
        if line.end == true { return }
      }
      throw ControlError.broken
    } catch let error as ControlError {
      // The executor ends with its pod.
      if follow, error == .broken, await target.isOver(),
        (try? await target.leftovers()) == .some(nil)
      {
        return
      }
      throw await target.failure(error)
    }
  }

  static func json(_ event: PodEvent) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return JSONObject.withoutControls(
      String(decoding: try encoder.encode(event), as: UTF8.self))
  }

  /// Time, service, event and what else there is to say.
  static func line(_ event: PodEvent) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      let text = Printable.text(text)
      return text + String(repeating: " ", count: max(0, width - text.count))
    }
    let code = event.exitCode.map { "exit code \($0)" }
    let rest = [event.subject, event.message.isEmpty ? nil : event.message, code].compactMap { $0 }
    let line =
      "\(Printable.text(event.time))  \(padded(event.service ?? "-", 12))  "
      + "\(padded(event.event, 20))  \(Printable.line(rest.joined(separator: ": "), limit: 4096))"
    return String(line.reversed().drop { $0 == " " }.reversed())
  }

  /// - Returns: false once nobody reads.
  private static func write(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if count < 0, errno == EAGAIN {
        var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
        _ = poll(&descriptor, 1, -1)
      } else if count == 0 || errno != EINTR {
        return false
      }
    }
    return true
  }
}
