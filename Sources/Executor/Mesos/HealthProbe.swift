import Dispatch
import Glibc
import HTTPClient
import MesosExecutor
import PodRuntime
import Linux

/// One probe of a pod: a request to a host port or a container's port, or a command in a container
/// or the sandbox.
struct HealthProbe: Sendable {
  let http: HTTPClient
  /// The working directory of commands that do not run in a container.
  let sandbox: String
  /// The environment of these commands.
  let environment: [String: String]
  /// Finds the location of a port; nil while it is unknown, which is no result for the pod.
  var location: @Sendable (_ port: UInt16, _ isIPv6: Bool) async -> CheckLocation? = { _, _ in .host
  }
  /// Runs a command in a container; nil where commands run in the sandbox.
  var runInContainer: (@Sendable (CheckCommand, Duration?) async -> CheckEnd)?

  /// The result of a probe.
  struct Result: Sendable, Equatable {
    /// Whether it passed.
    var isPassed: Bool
    /// A description for people.
    var message: String
    /// The status of the response, for HTTP.
    var status: Int?
    /// The command's exit code, for COMMAND.
    var exitCode: Int?
    /// Whether the connection was accepted, for TCP.
    var isConnected: Bool?
    /// False if the probe failed for a reason outside the pod.
    var counts = true
  }

  private static let unknown = Result(
    isPassed: false, message: "the engine is away", counts: false)

  /// Probes the pod.
  ///
  /// - Parameters:
  ///   - probe: the request.
  ///   - timeout: the time limit; zero for no limit (checker_process.cpp).
  /// - Returns: the result. A probe that can't be made has failed.
  func probe(_ probe: Probe, timeout: Duration) async -> Result {
    let limit = timeout > .zero ? timeout : nil
    return switch probe {
    case .http(let target, let statuses):
      await request(target, statuses: statuses, limit: limit)
    case .tcp(let port, let isIPv6):
      await connect(port: port, isIPv6: isIPv6, limit: limit)
    case .command(let command):
      if let runInContainer {
        await execute(command, limit: limit, by: runInContainer)
      } else {
        await execute(command, limit: limit)
      }
    }
  }

  /// Sends a request like `curl -L -k -g`: it follows redirects and discards the body. Each probe
  /// opens a new connection, so that a server that accepts none is detected.
  private func request(_ target: HTTPTarget, statuses: [UInt32], limit: Duration?) async -> Result {
    // Mesos does not verify the certificate, because it is the pod's own.
    let tls = target.scheme == "https" ? TLSFiles(verifiesServer: false) : nil
    let path = target.path.hasPrefix("/") ? target.path : "/" + target.path
    return await atLocations(of: target.port, isIPv6: target.isIPv6, limit) { host, _, limit in
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
          isPassed: isExpected, message: "GET \(request.endpoint)\(path): \(status)", status: status
        )
      } catch {
        return Result(isPassed: false, message: "\(error)")
      }
    }
  }

  /// Probes a port at each of its locations until one responds.
  private func atLocations(
    of port: UInt32, isIPv6: Bool, _ limit: Duration?,
    _ probe: (_ host: String, _ port: UInt16, Duration?) async -> Result
  ) async -> Result {
    guard let number = UInt16(exactly: port), number > 0 else {
      return Result(isPassed: false, message: "\(port) isn't a port: it must be from 1 to 65535")
    }
    let hosts: [String]
    switch await location(number, isIPv6) {
    case nil: return Self.unknown
    case .none(let reason)?: return Result(isPassed: false, message: "port \(port): \(reason)")
    case .host?: hosts = [isIPv6 ? "::1" : "127.0.0.1"]
    case .addresses(let addresses)?: hosts = addresses
    }
    var last = Result(isPassed: false, message: "port \(port): no address")
    for (index, host) in hosts.enumerated() {
      // An unreachable network must leave time for the others.
      let share = limit.map { $0 / (hosts.count - index) }
      let start = ContinuousClock.now
      last = await probe(host, number, share)
      if last.status != nil || last.isConnected == true || Task.isCancelled { return last }
      guard let limit, index + 1 < hosts.count else { continue }
      if limit <= .now - start { return last }
    }
    return last
  }

  /// The default of curl.
  private static let longestConnect = Duration.seconds(300)

  private func connect(port: UInt32, isIPv6: Bool, limit: Duration?) async -> Result {
    await atLocations(of: port, isIPv6: isIPv6, limit) { host, number, limit in
      // A connection attempt blocks its thread, so it runs on a thread of the global queue.
      let failure: String? = await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
          let attempt = ConnectionAttempt(host: host, port: number)
          continuation.resume(returning: attempt.failure(within: limit ?? Self.longestConnect))
        }
      }
      return Result(
        isPassed: failure == nil,
        message: "connection to \(isIPv6 ? "[\(host)]" : host):\(port): \(failure ?? "accepted")",
        isConnected: failure == nil)
    }
  }

  private func execute(
    _ command: CommandInfo, limit: Duration?,
    by run: @Sendable (CheckCommand, Duration?) async -> CheckEnd
  ) async -> Result {
    let line = command.value ?? ""
    var check = CheckCommand(
      arguments: command.isShell
        ? ["/bin/sh", "-c", line] : [line] + command.arguments.dropFirst())
    for variable in command.environment { check.environment[variable.name] = variable.value }
    check.user = command.user
    switch await run(check, limit) {
    case .exited(let code):
      return Result(isPassed: code == 0, message: "'\(line)' exited with \(code)", exitCode: code)
    case .timedOut(let isGone):
      let rest = isGone ? "" : ", and couldn't be killed"
      return Result(
        isPassed: false,
        message: "'\(line)' took longer than \(limit.map { "\($0)" } ?? "its timeout")\(rest)")
    case .failed(let reason): return Result(isPassed: false, message: "'\(line)': \(reason)")
    case .unknown: return Self.unknown
    }
  }

  private func execute(_ command: CommandInfo, limit: Duration?) async -> Result {
    var variables = environment
    for variable in command.environment { variables[variable.name] = variable.value }
    let line = command.value ?? ""
    let arguments = command.isShell ? ["-c", line] : Array(command.arguments.dropFirst())
    let program = SupervisedProcess(
      command.isShell ? "/bin/sh" : line, arguments, environment: variables, directory: sandbox)
    do {
      switch try await program.run(within: limit) {
      case nil:
        let time = limit.map { "\($0)" } ?? "its timeout"
        return Result(isPassed: false, message: "'\(line)' took longer than \(time)")
      case .exited(let code):
        return Result(
          isPassed: code == 0, message: "'\(line)' exited with \(code)", exitCode: Int(code))
      case .signaled(let signal):
        return Result(isPassed: false, message: "'\(line)' was killed by signal \(signal)")
      }
    } catch {
      return Result(isPassed: false, message: "'\(line)': \(error)")
    }
  }
}
