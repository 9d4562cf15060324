import Dispatch
import Glibc
import HTTPClient
import MesosExecutor
import PodRuntime
import Linux

/// One look at a pod's health, as Mesos' own executors take it: from the host, at the pod's host ports.
struct TaskProbe: Sendable {
  let http: HTTPClient
  /// Where commands run.
  let sandbox: String
  /// What commands see.
  let environment: [String: String]

  /// How a probe went.
  struct Result: Sendable, Equatable {
    /// Whether it passed.
    var isPassed: Bool
    /// What was seen, for people.
    var words: String
    /// The answer's status, for HTTP.
    var status: Int?
    /// The command's exit code, for COMMAND.
    var exitCode: Int?
    /// Whether the connection was accepted, for TCP.
    var isConnected: Bool?
  }

  /// Takes a look.
  ///
  /// - Parameters:
  ///   - probe: what to look at.
  ///   - timeout: how long it may take; zero is no limit (checker_process.cpp).
  /// - Returns: how it went; a probe that can't be made has failed.
  func look(_ probe: Probe, timeout: Duration) async -> Result {
    let limit = timeout > .zero ? timeout : nil
    return switch probe {
    case .http(let target, let statuses):
      await request(target, statuses: statuses, limit: limit)
    case .tcp(let port, let isIPv6):
      await connect(port: port, isIPv6: isIPv6, limit: limit)
    case .command(let command):
      await execute(command, limit: limit)
    }
  }

  /// As `curl -L -k -g` asks: any redirect is followed, the body is discarded, and each probe has a connection of its
  /// own, so that a server that accepts none is noticed.
  private func request(_ target: HTTPTarget, statuses: [UInt32], limit: Duration?) async -> Result {
    let host = target.isIPv6 ? "::1" : "127.0.0.1"
    guard 1...65535 ~= target.port else { return Self.noPort(target.port) }
    // Mesos asks without looking at the certificate: it is the pod's own.
    let tls = target.scheme == "https" ? TLSFiles(verifiesServer: false) : nil
    let path = target.path.hasPrefix("/") ? target.path : "/" + target.path
    var request = HTTPRequest(
      endpoint: HTTPEndpoint(transport: .tcp(host: host, port: Int(target.port)), tls: tls),
      method: "GET", path: path)
    request.timeout = limit
    request.connectTimeout = limit ?? Self.longestConnect
    request.opensConnection = true
    do {
      let status = try await http.status(of: request)
      let isExpected =
        statuses.isEmpty
        ? 200..<400 ~= status : statuses.contains { Int(exactly: $0) == status }
      return Result(
        isPassed: isExpected, words: "GET \(request.endpoint)\(path): \(status)", status: status)
    } catch {
      return Result(isPassed: false, words: "\(error)")
    }
  }

  /// curl's own limit.
  private static let longestConnect = Duration.seconds(300)

  private static func noPort(_ number: UInt32) -> Result {
    Result(isPassed: false, words: "\(number) is no port: it must be 1 to 65535")
  }

  private func connect(port: UInt32, isIPv6: Bool, limit: Duration?) async -> Result {
    guard let number = UInt16(exactly: port), number > 0 else { return Self.noPort(port) }
    // A connection attempt blocks its thread, so it gets one that may.
    let failure: String? = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        let attempt = ConnectionAttempt(port: number, isIPv6: isIPv6)
        continuation.resume(returning: attempt.failure(within: limit ?? Self.longestConnect))
      }
    }
    return Result(
      isPassed: failure == nil,
      words: "connection to \(isIPv6 ? "[::1]" : "127.0.0.1"):\(port): \(failure ?? "accepted")",
      isConnected: failure == nil)
  }

  private func execute(_ command: CommandInfo, limit: Duration?) async -> Result {
    var variables = environment
    for variable in command.environment { variables[variable.name] = variable.value }
    let line = command.value ?? ""
    let words = command.isShell ? ["-c", line] : Array(command.arguments.dropFirst())
    let program = SupervisedProcess(
      command.isShell ? "/bin/sh" : line, words, environment: variables, folder: sandbox)
    do {
      switch try await program.run(within: limit) {
      case nil:
        let time = limit.map { "\($0)" } ?? "it may"
        return Result(isPassed: false, words: "'\(line)' took longer than \(time)")
      case .exited(let code):
        return Result(
          isPassed: code == 0, words: "'\(line)' ended with \(code)", exitCode: Int(code))
      case .signalled(let signal):
        return Result(isPassed: false, words: "'\(line)' was ended by signal \(signal)")
      }
    } catch {
      return Result(isPassed: false, words: "'\(line)': \(error)")
    }
  }
}
