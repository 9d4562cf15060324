import ArgumentParser
import PodControl
import PodIdentity
import PodRuntime
import Program

/// `compose-executor events POD`: prints the history of a pod.
struct EventsCommand: AsyncParsableCommand {
  /// The format of the events.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Print the events of a pod.",
    discussion: """
      Prints the last 1,000 events of the pod's history, which its executor stores, and with --follow further \
      events until the pod is removed. With --format json, each event is one object on one line.
      """)

  @OptionGroup var pod: PodArgument

  @Flag(name: .shortAndLong, help: "Print further events as they happen.")
  var follow = false

  @Option(help: "The format: text or json.")
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
          let text = format == .json ? Self.json(event) : Self.line(event)
          guard StandardOutput.write(text + "\n") else { return }
        }
        if line.end == true { return }
      }
      throw ControlError.broken
    } catch let error as ControlError {
      // The executor exits after its last pod.
      if follow, error == .broken, await target.isOver(),
        (try? await target.leftovers()) == .some(nil)
      {
        return
      }
      throw await target.failure(error)
    }
  }

  /// One object on one line. Characters that could control a terminal are escaped.
  static func json(_ event: PodEvent) -> String {
    let object = JSONLine.object { object in
      object.add("container", event.container)
      object.add("event", event.event)
      object.add("exitCode", event.exitCode)
      object.add("message", event.message)
      object.add("service", event.service)
      object.add("subject", event.subject)
      object.add("time", event.time)
    }
    return String(decoding: object, as: UTF8.self)
  }

  /// Time, service, event, and the other values of the event.
  static func line(_ event: PodEvent) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      let text = Printable.text(text)
      return text + String(repeating: " ", count: max(0, width - text.count))
    }
    // The message of a container's exit contains the exit code.
    let cause =
      event.message.isEmpty ? event.exitCode.map { "exit code \($0)" } : event.message
    let rest = [event.subject, cause].compactMap { $0 }
    let line =
      "\(Printable.text(event.time))  \(padded(event.service ?? "-", 12))  "
      + "\(padded(event.event, 20))  \(Printable.line(rest.joined(separator: ": "), limit: 4096))"
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}
