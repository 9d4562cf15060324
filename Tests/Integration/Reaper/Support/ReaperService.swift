import Foundation
import PodIdentity
import Reaping
import Synchronization
import TestSupport
import Testing

/// pod-reaper as a service, with a stand-in for systemd that receives its notifications.
final class ReaperService: Sendable {
  let process: RunningCommand
  private let systemd: DatagramSocket
  private let heard = Mutex<[String]>([])

  private init(_ process: RunningCommand, _ systemd: DatagramSocket) {
    self.process = process
    self.systemd = systemd
  }

  /// The notifications to systemd so far.
  var words: [String] {
    heard.withLock {
      $0 += systemd.texts()
      return $0
    }
  }

  /// Waits until a notification was sent `times` times.
  func tells(_ word: String, times: Int = 1) async throws {
    try await eventually("\(word), \(times) times") {
      words.filter { $0.hasPrefix(word) }.count >= times
    }
  }

  /// Starts a service and waits for its first pass.
  static func start(
    _ site: ReaperSite, _ more: [String] = [], _ environment: [String: String] = [:]
  ) async throws -> ReaperService {
    let path = site.directory.path("systemd-\(UUID().uuidString.prefix(8))")
    let systemd = try DatagramSocket(at: path)
    var command = site.reaper(["--interval", "10m"], more)
    command.environment.merge(["NOTIFY_SOCKET": path]) { $1 }
    command.environment.merge(environment) { $1 }
    let service = ReaperService(try command.start(), systemd)
    do {
      try await service.tells("READY=1")
    } catch {
      print("pod-reaper printed:\n\(service.process.text(.stderr))")
      service.process.send(SIGKILL)
      throw error
    }
    return service
  }

  /// Stops it as systemd does.
  func stop() async throws {
    process.send(SIGTERM)
    let end = try await process.result(within: .seconds(300))
    #expect(end.status == .exited(0), "\(end)")
  }

  /// Calls `body` with a service that runs passes only every ten minutes by itself.
  static func with(
    _ site: ReaperSite, _ more: [String] = ["--grace", "5m"],
    _ environment: [String: String] = [:], _ body: (ReaperService) async throws -> Void
  ) async throws {
    let service = try await start(site, more, environment)
    defer { service.process.send(SIGKILL) }
    do {
      try await body(service)
    } catch {
      print("pod-reaper printed:\n\(service.process.text(.stderr))")
      throw error
    }
    try await service.stop()
    #expect(!FileManager.default.fileExists(atPath: site.runDirectory + "/reaper.sock"))
  }
}

extension ReaperSite {
  /// The environment of a test's executors, with the lease socket.
  var leaseEnvironment: [String: String] {
    ["COMPOSE_EXECUTOR_LEASE_SOCKET": runDirectory + "/lease.sock"]
  }

  /// Waits until the service holds these runs' leases.
  func holdsLeases(of runs: [String]) async throws {
    try await eventually("the leases of \(runs.count) pods") {
      let report = try PassReport(try await reaper(["status", "--format", "json"]).output())
      return runs.allSatisfy { run in
        report.pod(run)?.evidence.contains { $0.words == "its lease is held" } == true
      }
    }
  }

  /// Waits until no object of a run is left.
  func isRid(of run: String, within limit: Duration = .seconds(120)) async throws {
    try await eventually("nothing is left of \(run)", within: limit) {
      try await Leftovers.of(run: run, on: engine).isEmpty
    }
  }

  /// Runs `pod-hook-notify` with this site's reaper. Returns its exit code.
  func notify(_ words: String...) async throws -> Int32 {
    let options = ["--run-dir", runDirectory]
    let command =
      isOnOldLinux
      ? OldLinux.command(Command(BuiltProgram.shipped("pod-hook-notify"), words + options))
      : Command(BuiltProgram.beside("pod-hook-notify"), words + options)
    let end = try await command.run()
    guard case .exited(let code) = end.status else { return -1 }
    return code
  }
}

/// A proxy of an engine that holds one request until it is released, so that a test can act at that
/// point.
struct EngineHold: Sendable {
  /// The socket's path.
  let path: String
  private let process: RunningCommand

  var dockerHost: String { "unix://\(path)" }

  /// Calls `body` with such a proxy.
  ///
  /// - Parameters:
  ///   - engine: the engine behind the proxy.
  ///   - request: the beginning of the held request, such as `POST /containers/create`, without the
  ///     API version.
  ///   - number: the number of the held request among the matching ones, from 1; 0 refuses all of
  ///     them with 500 and holds none.
  ///   - body: the use of the proxy.
  /// - Throws: the errors of `body`.
  static func with(
    _ engine: TestEngine, holding request: String, number: Int = 1,
    _ body: (EngineHold) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path("engine.sock")
      let process = try Command(
        "/usr/bin/python3", ["-c", program, engine.socket, path, request, String(number)]
      ).start()
      defer { process.send(SIGKILL) }
      try await process.line(containing: "ready")
      try await body(EngineHold(path: path, process: process))
    }
  }

  /// Waits until the request has arrived.
  func isHeld() async throws { try await process.line(containing: "held", within: .seconds(180)) }

  /// Releases it; other matching requests pass.
  func release() { process.send(SIGUSR1) }

  private static let program = """
    import re, signal, socket, sys, threading
    target, path, request, number = sys.argv[1], sys.argv[2], sys.argv[3].encode(), int(sys.argv[4])
    lock, seen, gone = threading.Lock(), 0, threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: gone.set())
    refusal = b'HTTP/1.1 500 X\\r\\nContent-Type: application/json\\r\\nContent-Length: 20\\r\\n\\r\\n{"message":"broken"}'
    def begins(data):
        return re.sub(rb'^([A-Z]+) /v[0-9.]+/', rb'\\1 /', data[:200]).startswith(request)
    def hold(data):
        global seen
        if not begins(data): return
        with lock: seen += 1
        if seen == number:
            print('held', flush=True)
            gone.wait()
    def relay(one, other, holds):
        try:
            while data := one.recv(65536):
                if holds and number == 0 and begins(data): one.sendall(refusal)
                else:
                    if holds: hold(data)
                    other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError: pass
    def serve(client):
        engine = socket.socket(socket.AF_UNIX)
        engine.connect(target)
        threading.Thread(target=relay, args=(engine, client, False), daemon=True).start()
        relay(client, engine, True)
    def listen(listener):
        while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path), listener.listen(64)
    threading.Thread(target=listen, args=(listener,), daemon=True).start()
    print('ready', flush=True)
    while True: signal.pause()
    """
}
