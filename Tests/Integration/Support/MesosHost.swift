import AgentStandIn
import Foundation
import TestSupport
import Testing

/// A launcher on an engine, and the user of the executor.
struct MesosHost: Sendable, CustomTestStringConvertible {
  let engine: TestEngine
  let launcher: LaunchOptions.Launcher
  var isOrdinaryUser = false

  var testDescription: String {
    "\(launcher) on \(engine), \(isOrdinaryUser ? "a user of the engine's group" : "root")"
  }

  /// The linux launcher of an engine's own cgroup version, as root.
  init(_ engine: TestEngine) {
    self.init(engine, engine.cgroups == .v1 ? .cgroups1 : .cgroups2)
  }

  init(_ engine: TestEngine, _ launcher: LaunchOptions.Launcher, isOrdinaryUser: Bool = false) {
    self.engine = engine
    self.launcher = launcher
    self.isOrdinaryUser = isOrdinaryUser
  }

  /// The linux launcher on each engine, as root.
  static let linux = TestEngine.all.map { MesosHost($0) }

  /// The linux launcher on each engine, as an ordinary user.
  static let ordinary = linux.map { MesosHost($0.engine, $0.launcher, isOrdinaryUser: true) }

  /// Root with the linux launcher, and an ordinary user.
  static let both = linux + ordinary

  /// Every launcher, and every user.
  static let all =
    both
    + TestEngine.all.flatMap {
      [MesosHost($0, .posix), MesosHost($0, .posix, isOrdinaryUser: true)]
    }
}

/// Changes by a test to the agent, the task and the sandbox.
struct MesosSettings {
  var agent: (inout AgentOptions) -> Void = { _ in }
  var task: (inout TaskDescription) -> Void = { _ in }
  /// Creates the task from its ID and the executor's path; by default a plain one.
  var make: (String, String) throws -> TaskDescription = { .plain(id: $0, executor: $1) }
  /// IDs of further tasks of the same kind, which form a group with the first. Each has its ID in
  /// NAME.
  var group: [String] = []
  var launch: (inout LaunchOptions) -> Void = { _ in }
  var files: [String: String] = [:]
  var environment: [String: String] = [:]
  /// Creates the files of the task's URIs in a directory, from the executor's path.
  var fetched: (TemporaryDirectory, String) async throws -> [String: String] = { _, _ in [:] }
  /// Objects that only a reaper can remove may be left, because the executor was killed.
  var leavesContainers = false
  /// Intended violations of a rule.
  var mayViolate: (Violation) -> Bool = { _ in false }
}

/// A task whose executor runs under the stand-in agent.
struct MesosPod {
  let host: MesosHost
  let agent: AgentStandIn
  let run: ExecutorRun
  let task: String
  /// The agent's directory in each hierarchy, unique to this agent.
  let cgroupsRoot: String

  var engine: TestEngine { host.engine }
  /// The task's states so far, without repetitions.
  var states: [String] { agent.states(of: task) }

  func states(of task: String) -> [String] { agent.states(of: task) }

  func kill(grace: Duration? = nil) { agent.kill(task, grace: grace) }

  /// Waits for TASK_RUNNING.
  @discardableResult
  func running() async throws -> TaskUpdate {
    try await agent.update("TASK_RUNNING", of: task, within: .seconds(180))
  }

  /// Waits for the terminal update.
  @discardableResult
  func ended() async throws -> TaskUpdate { try await agent.end(of: task, within: .seconds(180)) }

  /// Waits for the executor's own exit.
  @discardableResult
  func exited() async throws -> ExitStatus { try await run.exit(within: .seconds(180)) }

  /// Writes a file that the pod's services can read.
  func write(_ name: String, _ text: String = "") throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(run.sandbox)/\(name)"))
  }

  /// The IDs of the run's containers, in any state.
  func containers() async throws -> [String] {
    try await Leftovers.of(run: run.id, on: engine).containers.sorted()
  }
}

/// Launches a task, calls `body` with it, and checks that its executor exits, that it violated no
/// rule, and that no object is left. An executor that still runs after `body` receives TERM.
func withMesosPod(
  on host: MesosHost, _ compose: String, _ settings: MesosSettings = MesosSettings(),
  sourceLocation: SourceLocation = #_sourceLocation, _ body: (MesosPod) async throws -> Void
) async throws {
  try await withTemporaryDirectory { directory in
    var options = AgentOptions(workDirectory: directory.path)
    settings.agent(&options)
    let agent = try AgentStandIn(options)
    let id = "it-\(UUID().uuidString.prefix(8).lowercased())"
    var launch = LaunchOptions(launcher: host.launcher, files: settings.files)
    launch.files["compose.yaml"] = compose
    launch.environment = settings.environment
    launch.cgroupsRoot = "mesos-\(id)"
    let executor = try await location(host, in: directory, &launch)
    var task = try settings.make(id, executor)
    settings.task(&task)
    try await fetch(task, settings, in: directory, executor, &launch)
    settings.launch(&launch)
    let run = try agent.launch(task, and: settings.group, as: launch)
    let pod = MesosPod(
      host: host, agent: agent, run: run, task: id, cgroupsRoot: launch.cgroupsRoot)
    var failure: (any Error)?
    do { try await body(pod) } catch { failure = error }
    if !run.isGone {
      run.send(SIGTERM)
      if (try? await pod.exited()) == nil {
        Issue.record("the executor didn't end", sourceLocation: sourceLocation)
      }
    }
    await agent.close()
    let violations = agent.violations.filter { !settings.mayViolate($0) }
    #expect(
      violations.isEmpty, "\(violations)\n\(agent.updates)\n\(run.text("stderr").suffix(4000))",
      sourceLocation: sourceLocation)
    try await expectNothingLeft(
      of: pod, containersMayBe: settings.leavesContainers, sourceLocation: sourceLocation)
    if failure != nil {
      print("\(id):\n\(agent.updates)\n\(run.text("stdout").suffix(2000))")
      print(run.text("stderr").suffix(4000))
    }
    if let failure { throw failure }
  }
}

extension AgentStandIn {
  /// Launches a task, or a group of it and similar ones.
  fileprivate func launch(
    _ task: TaskDescription, and others: [String], as options: LaunchOptions
  ) throws -> ExecutorRun {
    if others.isEmpty { return try launch(task, as: options) }
    let tasks = ([task.id] + others).map { id in
      var task = task
      task.id = id
      task.environment["NAME"] = id
      return task
    }
    return try launch(group: tasks, as: options)
  }
}

/// Puts the files of the task's URIs into the sandbox.
private func fetch(
  _ task: TaskDescription, _ settings: MesosSettings, in directory: TemporaryDirectory,
  _ executor: String, _ launch: inout LaunchOptions
) async throws {
  if task.uris.isEmpty { return }
  let content = directory.path("fetched")
  try FileManager.default.createDirectory(atPath: content, withIntermediateDirectories: false)
  let files = try await settings.fetched(directory, executor)
  try await Fetcher(files).fetch(task.uris, into: content)
  launch.directory = content
}

/// Makes the executor and the engine's socket accessible to the executor's user.
private func location(
  _ host: MesosHost, in directory: TemporaryDirectory, _ launch: inout LaunchOptions
) async throws -> String {
  guard host.isOrdinaryUser else {
    launch.environment["DOCKER_HOST"] = host.engine.dockerHost
    guard host.engine.space != nil else { return BuiltProgram.composeExecutor }
    let words = host.engine.enter([BuiltProgram.composeExecutor]).map { "'\($0)'" }
    try directory.write("enter", "exec \(words.joined(separator: " "))\n")
    // The task's command is `exec '…'`. Executing a script could fail as "busy" if another process
    // started meanwhile.
    return "sh' '\(directory.path("enter"))"
  }
  chmod(directory.path, 0o711)
  // A second name of the socket, because only root can access the engine's own directory.
  let socket = directory.path("docker.sock")
  try #require(link(host.engine.socket, socket) == 0, "\(String(cString: strerror(errno)))")
  var status = stat()
  try #require(stat(socket, &status) == 0 && status.st_mode & 0o060 == 0o060)
  launch.user = LaunchOptions.User(uid: 65534, gid: 65534, groups: [status.st_gid])
  launch.environment["DOCKER_HOST"] = "unix://\(socket)"
  let executor = directory.path("compose-executor")
  if link(BuiltProgram.composeExecutor, executor) != 0 {
    try await directory.copyProgram("compose-executor", from: BuiltProgram.composeExecutor)
  }
  return executor
}

/// Records an issue if any object of a stopped run is left in Docker or in any cgroup hierarchy,
/// and removes it.
private func expectNothingLeft(
  of pod: MesosPod, containersMayBe: Bool, sourceLocation: SourceLocation
) async throws {
  var left = try await Leftovers.of(run: pod.run.id, on: pod.engine)
  let directories = try Hierarchy.directories(of: "/\(pod.cgroupsRoot)/\(pod.run.id)")
  #expect(!pod.run.hasLeftover, sourceLocation: sourceLocation)
  // An ordinary user can't remove directories that Docker created as root.
  if !pod.host.isOrdinaryUser, !containersMayBe {
    left.cgroups += directories
  } else {
    for directory in left.cgroups { Hierarchy.remove(directory) }
    left.cgroups = []
  }
  #expect(
    containersMayBe || left.isEmpty, "\(pod.task) left \(left)", sourceLocation: sourceLocation)
  if !left.isEmpty { try await left.remove(from: pod.engine) }
  for directory in directories { Hierarchy.remove(directory) }
  for directory in try Hierarchy.directories(of: "/\(pod.cgroupsRoot)") { rmdir(directory) }
}

/// A service that exits with the code that the test writes into `stop`, in the sandbox.
let obedient = """
  services:
    web:
      image: pod-test/busybox
      command: [sh, -c, 'until [ -s /box/stop ]; do sleep 0.05; done; exit $$(cat /box/stop)']
      stop_signal: SIGKILL
      volumes: [".:/box"]
  """

/// A service that ignores its stop signal.
let stubborn = """
  services:
    web:
      image: pod-test/busybox
      command: [sh, -c, "trap '' TERM; echo ready; while :; do sleep 0.1; done"]
  """
