import DockerEngine
import Foundation
import Logging
import PodIdentity
import Synchronization
import TestSupport
import Testing

@testable import Reaping

/// An engine with one dead executor's network, which it refuses to remove because another client's
/// container uses it.
private final class HeldEngine: Sendable {
  private static let id = String(repeating: "0123456789abcdef", count: 4)

  private struct State {
    var name = "web"
    var requests: [String] = []
  }
  private let state = Mutex(State())
  private let identity: PodIdentity
  /// Whether the pod also has a stopped container that must be kept, and a volume.
  private let keeps: Bool

  init(_ identity: PodIdentity, keeps: Bool) {
    self.identity = identity
    self.keeps = keeps
  }

  /// The requests to remove something, in order.
  var removals: [String] {
    state.withLock { $0.requests.filter { $0.hasPrefix("DELETE ") } }
  }
  /// The container's name.
  var name: String { state.withLock(\.name) }

  func reply(to request: ServerRequest) -> ServerReply {
    if request.path == "/_ping" {
      return .response(200, "OK", headers: ["Api-Version": "1.41", "OSType": "linux"])
    }
    let path = request.path.split(separator: "/").dropFirst().joined(separator: "/")
    let line = "\(request.method) /\(path)"
    state.withLock { $0.requests.append(line) }
    switch line {
    case "GET /containers/json": return .response(200, keeps ? "[\(container())]" : "[]")
    case "GET /images/i1/json": return .response(200, #"{"Id":"i1","Config":{"Labels":{}}}"#)
    case "GET /networks":
      return .response(200, #"[{"Id":"n1","Name":"net","Labels":\#(labels())}]"#)
    case "GET /networks/n1":
      return .response(200, #"{"Id":"n1","Name":"net","Scope":"local","Containers":{}}"#)
    case "GET /volumes":
      let volume = #"{"Name":"data","Labels":\#(labels())}"#
      return .response(200, #"{"Volumes":[\#(keeps ? volume : "")]}"#)
    case "DELETE /networks/n1":
      return .response(403, #"{"message":"network net has active endpoints"}"#)
    case "POST /containers/\(Self.id)/rename":
      let name = request.target.split(separator: "name=").last.map(String.init) ?? ""
      state.withLock { $0.name = name }
      return .response(204)
    default: return .response(404, #"{"message":"no such thing"}"#)
    }
  }

  private func container() -> String {
    let labels = labels([PodLabel.keepFailed: "3600", PodLabel.composeService: "web"])
    return #"{"Id":"\#(Self.id)","Names":["/\#(name)"],"ImageID":"i1","State":"exited","#
      + #""Created":1700000000,"Labels":\#(labels)}"#
  }

  private func labels(_ more: [String: String] = [:]) -> String {
    let all = identity.labels.merging(more) { $1 }.map { #""\#($0)":"\#($1)""# }
    return "{\(all.joined(separator: ","))}"
  }
}

@Suite("A dead executor's network that another client's container uses", .timeLimit(.minutes(5)))
struct HeldNetworkTests {
  /// Calls `body` with a reaper to which the executor is proven dead.
  private func withReaper(
    keeps: Bool, removalTimeout: String, stopTimeout: String,
    _ body: (HeldEngine, Reaper) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let own = Incarnation.current()
      // No process has the start time 2.
      let identity = PodIdentity(
        frameworkID: "f", executorID: "e", taskID: "t", run: "run-held", agentID: "a",
        incarnation: Incarnation(bootID: own.bootID, pid: own.pid, startTime: 2),
        host: .current(), cgroupParent: "/reaper-tests/run-held")
      let engine = HeldEngine(identity, keeps: keeps)
      let server = try FakeHTTPServer { engine.reply(to: $0) }
      defer { server.stop() }
      let settings = try ReaperSettings(
        options: [
          .runDirectory: directory.path, .stateDirectory: directory.path,
          .cgroupRoots: "reaper-tests", .grace: "1h", .stopTimeout: stopTimeout,
          .removalTimeout: removalTimeout,
        ], environment: [:], file: directory.write("none.yaml", ""))
      let reaper = Reaper(
        settings: settings, engine: DockerEngine(endpoint: .unix(path: server.path)),
        dryRun: false, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let holder = LeaseHolder(run: "run-held", pid: own.pid ?? 0, startTime: 2, cgroups: [])
      _ = await reaper.handle(.held(holder))
      _ = await reaper.handle(.dropped(holder, processEnded: true))
      try await body(engine, reaper)
    }
  }

  @Test("doesn't end the time of a kept failed pod, however many passes can't remove it")
  func kept() async throws {
    try await withReaper(keeps: true, removalTimeout: "1h", stopTimeout: "0s") { engine, reaper in
      for number in 0...KeepAttempts.most {
        let pass = try await reaper.reap()
        #expect(pass.report.pods.map(\.verdict) == ["kept"], "pass \(number)")
        let failed = pass.report.pods.flatMap(\.failed).map(\.kind)
        #expect(failed == ["networks"], "pass \(number)")
      }
      #expect(engine.name.hasPrefix("kept-"))
      #expect(Set(engine.removals) == ["DELETE /networks/n1"])
    }
  }

  @Test("is tried for the removal timeout in the first pass, and once in each later one")
  func leaked() async throws {
    // The time for containers to stop must not count: there is none.
    try await withReaper(keeps: false, removalTimeout: "1s", stopTimeout: "60s") {
      engine, reaper in
      let began = ContinuousClock.now
      _ = try await reaper.reap()
      let count = engine.removals.count
      #expect(count > 1)
      for number in 1...3 {
        let pass = try await reaper.reap()
        #expect(pass.report.pods.flatMap(\.failed).map(\.kind) == ["networks"])
        #expect(engine.removals.count == count + number)
      }
      #expect(ContinuousClock.now - began < .seconds(50))
    }
  }
}
