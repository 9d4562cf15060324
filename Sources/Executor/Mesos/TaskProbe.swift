import Dispatch
import Glibc
import HTTPClient
import MesosExecutor
import PodRuntime

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
  ///   - timeout: how long it may take.
  /// - Returns: how it went; a probe that can't be made has failed.
  func look(_ probe: Probe, timeout: Duration) async -> Result {
    switch probe {
    case .http(let scheme, let port, let path, let statuses):
      await request(scheme: scheme, port: port, path: path, statuses: statuses, timeout: timeout)
    case .tcp(let port):
      await connect(port: port, timeout: timeout)
    case .command(let command):
      await execute(command, timeout: timeout)
    }
  }

  private func request(
    scheme: String, port: UInt32, path: String, statuses: [UInt32], timeout: Duration
  ) async -> Result {
    // Mesos asks without looking at the certificate: it is the pod's own.
    let tls = scheme == "https" ? TLSFiles(verifiesServer: false) : nil
    let endpoint = HTTPEndpoint(
      transport: .tcp(host: "127.0.0.1", port: Int(port)), tls: tls)
    var request = HTTPRequest(
      endpoint: endpoint, method: "GET", path: path.hasPrefix("/") ? path : "/" + path)
    request.timeout = timeout
    request.connectTimeout = timeout
    do {
      let answer = try await http.send(request)
      let status = answer.head.status
      let isExpected =
        statuses.isEmpty ? (200..<400).contains(status) : statuses.contains(UInt32(status))
      return Result(
        isPassed: isExpected, words: "GET \(scheme)://127.0.0.1:\(port)\(path): \(status)",
        status: status)
    } catch {
      return Result(isPassed: false, words: "\(error)")
    }
  }

  private func connect(port: UInt32, timeout: Duration) async -> Result {
    let milliseconds = Int32(clamping: Int(timeout / .milliseconds(1)))
    // A connection attempt blocks its thread, so it gets one that may.
    let failure: String? = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: Self.connect(port: port, milliseconds: milliseconds))
      }
    }
    return Result(
      isPassed: failure == nil,
      words: "connection to 127.0.0.1:\(port): " + (failure ?? "accepted"),
      isConnected: failure == nil)
  }

  private static func connect(port: UInt32, milliseconds: Int32) -> String? {
    let descriptor = socket(
      AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return String(cString: strerror(errno)) }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let started = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if started == 0 { return nil }
    guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&waiting, 1, milliseconds) > 0 else { return "no answer" }
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
    return code == 0 ? nil : String(cString: strerror(code))
  }

  private func execute(_ command: CommandInfo, timeout: Duration) async -> Result {
    var variables = environment
    for variable in command.environment { variables[variable.name] = variable.value }
    let line = command.value ?? ""
    let words = command.isShell ? ["-c", line] : Array(command.arguments.dropFirst())
    let program = GuardedProgram(
      command.isShell ? "/bin/sh" : line, words, environment: variables, folder: sandbox)
    do {
      switch try await program.run(within: timeout) {
      case nil:
        return Result(isPassed: false, words: "'\(line)' took longer than \(timeout)")
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
