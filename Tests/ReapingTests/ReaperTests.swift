import DockerEngine
import Foundation
import Logging
import PodIdentity
import Synchronization
import TestSupport
import Testing

@testable import Reaping

/// An engine that only has networks.
private final class FalseEngine: Sendable {
  private struct State {
    var pods: [String: PodIdentity] = [:]
    var lists = 0
    var removed: [String] = []
    /// Removals wait for its completion.
    var hold: Task<Void, Never>?
  }
  private let state = Mutex(State())
  let path: String

  init(_ path: String) { self.path = path }

  func add(_ id: String, of identity: PodIdentity) { state.withLock { $0.pods[id] = identity } }

  /// The number of network lists.
  var lists: Int { state.withLock(\.lists) }
  /// The removed networks, in order.
  var removed: [String] { state.withLock(\.removed) }

  func hold(until end: Task<Void, Never>?) { state.withLock { $0.hold = end } }

  /// Responds until the body returns.
  func serving<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
    let server = try LineServer(.unix(path: path)) { await self.respond(to: $0) }
    async let _ = server.serve()
    defer { server.stop() }
    return try await body()
  }

  private func respond(to line: String) async -> String {
    let words = line.split(separator: " ")
    let path = words[1].prefix { $0 != "?" }.replacing(/^\/v[0-9.]+/, with: "")
    switch (words[0], path) {
    case (_, "/_ping"): return Self.response("OK")
    case ("GET", "/networks"): return Self.response(list())
    case ("GET", "/volumes"): return Self.response(#"{"Volumes":[]}"#)
    case ("DELETE", _):
      await state.withLock(\.hold)?.value
      let id = String(path.split(separator: "/").last ?? "")
      state.withLock {
        $0.pods[id] = nil
        $0.removed.append(id)
      }
      return Self.response("", status: "204 No Content")
    default: return Self.response("[]")
    }
  }

  private func list() -> String {
    let pods = state.withLock { state in
      state.lists += 1
      return state.pods
    }
    let networks = pods.map { id, identity in
      let labels = identity.labels.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
      return "{\"Id\":\"\(id)\",\"Name\":\"\(id)\",\"Labels\":{\(labels)}}"
    }
    return "[\(networks.joined(separator: ","))]"
  }

  private static func response(_ body: String, status: String = "200 OK") -> String {
    "HTTP/1.1 \(status)\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
      + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}

@Suite("The reaper")
struct ReaperTests {
  private static let here = (incarnation: Incarnation.current(), host: HostIdentity.current())

  /// A pod of an executor on this host, or of one elsewhere.
  private func pod(
    _ name: String, pid: Int32?, start: UInt64?, boot: String? = here.incarnation.bootID,
    machine: String? = here.host.machineID
  ) -> PodIdentity {
    PodIdentity(
      frameworkID: "f", executorID: name, taskID: name, run: "run-\(name)", agentID: "a",
      incarnation: Incarnation(bootID: boot, pid: pid, startTime: start),
      host: HostIdentity(machineID: machine), cgroupParent: "/reaper-tests/run-\(name)")
  }

  /// One pod of each verdict, with a grace of one hour: the leaked one's executor held a lease when
  /// it exited.
  private func withPods(
    _ body: (FalseEngine, Reaper) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let engine = FalseEngine(directory.path("engine.sock"))
      let own = Self.here.incarnation
      // No process has the start time 1.
      engine.add("lives", of: pod("lives", pid: own.pid, start: own.startTime))
      engine.add("young", of: pod("young", pid: own.pid, start: 1))
      engine.add("dead", of: pod("dead", pid: own.pid, start: 2))
      engine.add("unknown", of: pod("unknown", pid: nil, start: nil))
      engine.add("foreign", of: pod("foreign", pid: 1, start: 1, boot: "b", machine: "m"))
      let settings = try ReaperSettings(
        options: [
          .runDirectory: directory.path, .stateDirectory: directory.path,
          .cgroupRoots: "reaper-tests",
          .grace: "1h", .stopTimeout: "0s", .removalTimeout: "1h",
        ], environment: [:], file: directory.write("none.yaml", ""))
      let reaper = Reaper(
        settings: settings, engine: DockerEngine(endpoint: .unix(path: engine.path)),
        dryRun: false, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let holder = LeaseHolder(run: "run-dead", pid: own.pid ?? 0, startTime: 2, cgroups: [])
      _ = await reaper.handle(.held(holder))
      _ = await reaper.handle(.dropped(holder, processEnded: true))
      try await engine.serving { try await body(engine, reaper) }
    }
  }

  private func verdicts(_ pass: Reaper.Pass) -> [String: String] {
    Dictionary(uniqueKeysWithValues: pass.report.pods.map { ($0.task, $0.verdict) })
  }

  @Test("isn't affected by a thousand calls of status, before and during passes")
  func status() async throws {
    try await withPods { engine, reaper in
      let commands = ControlCommands(reaper: reaper, isService: true)
      func statuses(_ count: Int) async throws {
        for _ in 0..<count {
          let report = try JSONDecoder().decode(
            PassReport.self, from: Data(await commands.respond(to: "status").utf8))
          #expect(report.dryRun && report.pods.count >= 4)
        }
      }
      func state() async -> (EvidenceStore, CgroupJanitor, RemovalLedger) {
        (await reaper.evidence, await reaper.janitor, await reaper.ledger)
      }
      let before = await state()
      try await statuses(300)
      #expect(engine.lists == 300)
      let after = await state()
      #expect(after == before)

      // The age of a proof counts from the first pass that observed it, whatever observed it
      // before.
      let began = BootTime.now
      let first = try await reaper.reap()
      let expected = [
        "lives": "alive", "young": "undecided", "dead": "leaked", "unknown": "undecided",
        "foreign": "foreign",
      ]
      #expect(verdicts(first) == expected)
      #expect(engine.removed == ["dead"])
      let due = try #require(first.due)
      #expect(due >= began + .seconds(3600) && due <= .now + .seconds(3600))

      let left = expected.filter { $0.key != "dead" }
      var passes = 0
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await statuses(700) }
        repeat {
          let pass = try await reaper.reap()
          passes += 1
          #expect(verdicts(pass) == left && pass.due == due)
          #expect(pass.report.pods.allSatisfy { $0.removed.isEmpty && $0.failed.isEmpty })
        } while engine.lists < 1000 && passes < 10_000
        try await group.waitForAll()
      }
      let counters = await reaper.figures.counters
      #expect(counters.passes == passes + 1 && counters.leaks == 1)
      #expect(counters.removed.filter { $0.value > 0 } == ["networks": 1])
      #expect(engine.removed == ["dead"])
    }
  }

  @Test("runs one pass at a time; an observation doesn't wait")
  func turns() async throws {
    try await withPods { engine, reaper in
      let (wait, end) = AsyncStream.makeStream(of: Void.self)
      engine.hold(until: Task { for await _ in wait {} })
      async let first = reaper.reap()
      try await eventually("the first pass") { engine.lists == 1 }
      async let second = reaper.reap()
      for number in 0..<20 {
        let pods = try await reaper.observe().pods
        #expect(pods.count == 5)
        #expect(engine.lists == 2 + number)
      }
      #expect(engine.removed == [])
      end.finish()
      #expect(try await verdicts(first)["dead"] == "leaked")
      #expect(try await verdicts(second)["dead"] == nil)
      #expect(engine.removed == ["dead"] && engine.lists == 22)
    }
  }
}
