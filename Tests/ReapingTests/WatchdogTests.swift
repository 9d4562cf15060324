import DockerEngine
import Foundation
import Logging
import Program
import Synchronization
import TestSupport
import Testing
import Linux

@testable import Reaping

@Suite("The watchdog")
struct WatchdogTests {
  /// An engine that accepts connections and never responds.
  private final class DeafEngine: Sendable {
    private let descriptor: Mutex<Int32>

    init(_ path: String) throws {
      let file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      try #require(UnixSocket.bind(file, to: path, mode: 0o600) == 0 && listen(file, 64) == 0)
      descriptor = Mutex(file)
    }

    /// Closes every connection.
    func end() {
      descriptor.withLock {
        if $0 >= 0 { close($0) }
        $0 = -1
      }
    }
    deinit { end() }
  }

  /// Keeps the logged messages.
  private final class Lines: Sendable {
    private let list = Mutex<[String]>([])
    func add(_ line: String) { list.withLock { $0.append(line) } }
    func count(_ word: String) -> Int { list.withLock { $0.filter { $0.contains(word) }.count } }
  }

  private struct Keeper: LogHandler {
    let lines: Lines
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) { lines.add("\(event.message)") }
  }

  @Test("is notified while passes make progress, not while one hangs, and again afterwards")
  func hang() async throws {
    try await withTemporaryDirectory { directory in
      let systemd = try DatagramSocket(at: directory.path("systemd.sock"))
      let deaf = try DeafEngine(directory.path("engine.sock"))
      let lines = Lines()
      let log = Logger(label: "test") { _ in Keeper(lines: lines) }
      let settings = try ReaperSettings(
        options: [
          .runDirectory: directory.path, .stateDirectory: directory.path, .lockTimeout: "0s",
          .stopTimeout: "0s",
        ], environment: [:], file: directory.write("none.yaml", ""))
      // A pass may make no progress for a fifth of a second, but the engine's silence lasts a
      // minute.
      let endpoint = EngineEndpoint.unix(path: directory.path("engine.sock"))
      let reaper = Reaper(
        settings: settings, engine: DockerEngine(endpoint: endpoint, requestTimeout: .seconds(60)),
        dryRun: false, log: log)
      let notifier = SystemdNotifier(environment: [
        "NOTIFY_SOCKET": directory.path("systemd.sock"), "WATCHDOG_USEC": "100000",
      ])
      let daemon = Daemon(
        reaper: reaper,
        engine: DockerEngine(endpoint: endpoint, requestTimeout: .milliseconds(200)),
        settings: settings, notifier: notifier, log: log)
      notifier.ready()
      let work = Task { await daemon.work() }
      func hears(_ word: String, times: Int) async throws {
        var count = 0
        try await eventually("\(word) to systemd") {
          count += systemd.texts().filter { $0 == word }.count
          return count >= times
        }
      }
      try await hears("WATCHDOG=1", times: 3)
      daemon.requests.addEverything()
      try await eventually("word of the hang") { lines.count("a pass hangs") >= 1 }
      _ = systemd.texts()
      let known = lines.count("a pass hangs")
      try await eventually("three more words of it") { lines.count("a pass hangs") >= known + 3 }
      #expect(systemd.texts() == [])
      deaf.end()
      try await hears("WATCHDOG=1", times: 3)
      work.cancel()
      await work.value
    }
  }

  @Test("doesn't block if systemd doesn't read its notifications")
  func deaf() async throws {
    try await withTemporaryDirectory { directory in
      // It is never read, and its queue is soon full.
      let systemd = try DatagramSocket(at: directory.path("systemd.sock"))
      let notifier = SystemdNotifier(environment: [
        "NOTIFY_SOCKET": directory.path("systemd.sock"), "WATCHDOG_USEC": "100000",
      ])
      notifier.ready()
      let begin = ContinuousClock.now
      for _ in 0..<5000 { notifier.watchdog(for: .seconds(1)) }
      #expect(.now - begin < .seconds(120))
      #expect(systemd.texts().first == "READY=1")
    }
  }

  @Test("isn't affected by a long pass that makes progress")
  func steps() async throws {
    let progress = PassHeartbeat()
    progress.begin()
    try await eventually("a pass that is too long without a step") {
      !progress.isWithin(.milliseconds(50))
    }
    progress.step()
    #expect(progress.isWithin(.seconds(180)))
    progress.end()
    progress.step()
    #expect(progress.isWithin(.zero))
  }
}
