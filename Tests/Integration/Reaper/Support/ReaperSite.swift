import Foundation
import PodIdentity
import Reaping
import TestSupport
import Testing

/// The environment of one test's reapers: exclusive use of an engine, directories and a cgroup
/// root.
struct ReaperSite: Sendable {
  let engine: TestEngine
  let directory: TemporaryDirectory
  /// The only cgroup below which abandoned runs are searched.
  let root: String
  /// Whether the shipped programs run as on Linux 3.10.
  var isOnOldLinux = false

  /// The same site, on Linux 3.10.
  var onOldLinux: ReaperSite {
    var site = self
    site.isOnOldLinux = true
    return site
  }

  var runDirectory: String { directory.path("run") }
  var journal: String { directory.path("state/journal.jsonl") }

  /// The options that restrict a reaper to this site, without any delay.
  var options: [String] {
    [
      "--run-dir", runDirectory, "--state-dir", directory.path("state"), "--cgroup-roots", root,
      "--grace", "0s", "--stop-timeout", "1s", "--lock-timeout", "10s",
    ]
  }

  /// A reaper's command line.
  func reaper(_ words: [String], _ more: [String] = []) -> Command {
    let program = isOnOldLinux ? BuiltProgram.shipped("pod-reaper") : BuiltProgram.podReaper
    let line = engine.enter([program] + words + Self.merged(options, more))
    let command = Command(
      line[0], Array(line.dropFirst()), environment: ["DOCKER_HOST": engine.dockerHost])
    return isOnOldLinux ? OldLinux.command(command) : command
  }

  /// Later options replace the default ones.
  private static func merged(_ standard: [String], _ more: [String]) -> [String] {
    var result: [String] = []
    for index in stride(from: 0, to: standard.count, by: 2) where !more.contains(standard[index]) {
      result += standard[index...index + 1]
    }
    return result + more
  }

  /// `pod-reaper --once`.
  @discardableResult
  func once(_ more: String...) async throws -> ReaperEnd { try await once(more) }

  /// `pod-reaper --once`.
  @discardableResult
  func once(_ more: [String]) async throws -> ReaperEnd {
    try await ReaperEnd(reaper(["--once", "--format", "json"], more).run(within: .seconds(300)))
  }

  /// The report of `pod-reaper status` about a run.
  func status(of run: String) async throws -> PodReport? {
    let text = try await reaper(["status", "--format", "json"]).output()
    return try PassReport(text).pod(run)
  }
}

/// The result of a pass.
struct ReaperEnd: Sendable, CustomStringConvertible {
  let status: ExitStatus
  /// The report; nil if none was printed.
  let report: PassReport?
  let description: String

  init(_ result: CommandResult) throws {
    status = result.status
    report = try? PassReport(result.stdout)
    description = "\(result.status)\n\(result.stdout)\n\(result.stderr)"
  }

  /// The report about a run.
  func pod(_ run: String) -> PodReport? { report?.pod(run) }
}

extension PassReport {
  /// Decodes the JSON of a pass or of `status`.
  init(_ text: String) throws {
    self = try JSONDecoder().decode(PassReport.self, from: Data(text.utf8))
  }

  func pod(_ run: String) -> PodReport? { pods.first { $0.run == run } }
}

/// Calls `body` with a site for reapers. A reaper removes every leaked pod on its engine, so only
/// one test at a time can use an engine with a reaper.
func withReaperSite(
  on engine: TestEngine, _ body: (ReaperSite) async throws -> Void
) async throws {
  // A test of a throttled suite returns its share meanwhile: the test that holds the turn can be
  // waiting for it.
  let held = Machine.held
  await Machine.shared.give(held)
  await Turns.shared.take(engine.socket)
  await Machine.shared.take(max(held, 1))
  let timer = TestTimer()
  let result: Result<Void, any Error>
  do {
    let root = "reaper-test-\(UUID().uuidString.prefix(8).lowercased())"
    result = .success(
      try await withTemporaryDirectory { directory in
        try await body(ReaperSite(engine: engine, directory: directory, root: root))
      })
  } catch {
    result = .failure(error)
  }
  timer.stop()
  await Machine.shared.give(max(held, 1))
  await Turns.shared.give(engine.socket)
  if held > 0 { await Machine.shared.take(held) }
  try result.get()
}

/// One at a time for each name, first come first served.
private actor Turns {
  static let shared = Turns()
  private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

  func take(_ name: String) async {
    if waiting[name] == nil {
      waiting[name] = []
    } else {
      await withCheckedContinuation { waiting[name]?.append($0) }
    }
  }

  func give(_ name: String) {
    if waiting[name]?.isEmpty == false {
      waiting[name]?.removeFirst().resume()
    } else {
      waiting[name] = nil
    }
  }
}

extension RunningPod {
  /// Kills the executor so that it can't clean up.
  func kill() async throws {
    send(SIGKILL)
    try await executor.exit(within: .seconds(300))
  }

  /// Every object of the pod, with the fields that any modification would change.
  func untouched() async throws -> [String] {
    let left = try await Leftovers.of(run: run, on: engine)
    var inspect = engine.docker("inspect", "--format")
    inspect.arguments +=
      ["{{.Id}} {{.Name}} {{.State.Status}} {{.State.StartedAt}} {{.State.Pid}}"] + left.containers
    let containers = try await inspect.output().split(separator: "\n").map(String.init)
    return (containers + left.networks + left.volumes + left.cgroups).sorted()
  }
}

/// A pod of three services with every kind of object that a pod can leave.
let fullPod = """
  services:
    web:
      image: founding/base
      networks: [inside]
      volumes: ["data:/data", "/scratch"]
    joined:
      image: founding/base
      network_mode: service:web
    worker:
      image: pod-test/busybox
      networks: [inside]
      command: ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"]
  networks:
    inside: {}
  volumes:
    data: {}
  """

/// A pod with the same kinds of objects, of one service.
let smallPod = """
  services:
    web:
      image: founding/base
      networks: [inside]
      volumes: ["data:/data"]
  networks:
    inside: {}
  volumes:
    data: {}
  """
