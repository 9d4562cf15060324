import AgentStandIn
import ArgumentParser
import Foundation
import TestSupport

/// One task under a stand-in agent, its updates printed as a framework would see them.
@main
struct AgentStandInTool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent-stand-in",
    abstract: "Runs one task's executor under a stand-in Mesos agent and prints its updates.",
    discussion: """
      Compose files are copied into the sandbox under their own names; without --file-name the label \
      fileName names them all. TERM or ctrl-C kills the task; a second one sends SIGTERM to the executor.
      """)

  @Option(help: "The executor's path.") var executor: String
  @Option(
    help:
      "The agent's work directory. It is created if it is missing, and not removed; the sandbox is below it."
  )
  var sandbox: String
  @Option(help: "A file for the sandbox; may be given several times.") var compose: [String] = []
  @Option(help: "A directory whose content the sandbox gets.") var directory: String?
  @Option(help: "The label fileName.") var fileName: String?
  @Option(help: "The task's ID.") var taskID = "demo.1"
  @Option(
    help:
      "The number of tasks in one executor. Each further task has the ID with -N, and one port, the next free one."
  )
  var tasks = 1
  @Option(help: "Offered ports, comma separated.") var ports = ""
  @Option(help: "plain, marathon or aurora.") var framework = Framework.plain
  @Option(help: "KEY=VALUE for the executor's environment; may be given several times.")
  var env: [String] = []
  @Option(help: "cgroups1, cgroups2 or posix.") var launcher = Launcher.cgroups1
  @Option(help: "The cgroup directory; never a real agent's.") var cgroupsRoot = "mesos-standin"
  @Option(help: "The task's memory in MiB.") var mem = 512.0
  @Option(help: "The task's processors.") var cpus = 1.0
  @Option(help: "Seconds that the kill's policy gives.") var grace: Int?
  @Option(help: "Seconds after which the task is killed once it runs.") var killAfter: Double?

  enum Framework: String, ExpressibleByArgument { case plain, marathon, aurora }
  enum Launcher: String, ExpressibleByArgument { case posix, cgroups1, cgroups2 }

  func validate() throws {
    guard cgroupsRoot != "mesos" else {
      throw ValidationError("--cgroups-root mesos may be a real agent's; choose another.")
    }
  }

  func run() async throws {
    let task = try description()
    let work = URL(fileURLWithPath: sandbox).path
    try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
    let agent = try AgentStandIn(AgentOptions(workDirectory: work))
    let signals = TerminationSignals()
    do {
      let ended = try await watch(try agent.launch(task, as: try launch()), of: agent, signals)
      await agent.close()
      throw ended
    } catch {
      await agent.close()
      throw error
    }
  }

  /// Prints each update as it comes, until the last is acknowledged and the executor has gone.
  private func watch(
    _ run: ExecutorRun, of agent: AgentStandIn, _ signals: TerminationSignals
  ) async throws -> ExitCode {
    print("executor \(run.pid) in \(run.sandbox)")
    var printed = 0
    var killed = false
    var hasSentOthers = tasks == 1
    let began = ContinuousClock.now
    while true {
      let updates = agent.updates
      for update in updates[printed...] { show(update, after: update.received - began) }
      printed = updates.count
      fflush(nil)
      if run.isGone, printed == agent.updates.count { break }
      let running = updates.filter { $0.state == "TASK_RUNNING" }
      if !hasSentOthers, !running.isEmpty {
        print("resident with 1 task: \(Self.resident(run.pid)) KiB")
        try sendOthers(to: agent, run.executorID)
        hasSentOthers = true
      }
      let isDue =
        running.count >= tasks
        ? killAfter.flatMap { after in
          running.last.map { .now - $0.received > .seconds(after) }
        } : false
      if !killed, signals.count > 0 || isDue == true {
        if tasks > 1 {
          print("resident with \(running.count) tasks: \(Self.resident(run.pid)) KiB")
        }
        for id in Set(updates.map(\.taskID)) { agent.kill(id, grace: grace.map { .seconds($0) }) }
        killed = true
      }
      if signals.count > 1 { run.send(SIGTERM) }
      try await Task.sleep(for: .milliseconds(20))
    }
    return conclude(run, agent)
  }

  private func show(_ update: TaskUpdate, after time: Duration) {
    let time = time.formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 2)))
    print("\(time)\t\(update)")
    if let networks = update.containerStatus?["network_infos"] {
      print("\t\(String(decoding: networks.bytes, as: UTF8.self))")
    }
  }

  private func conclude(_ run: ExecutorRun, _ agent: AgentStandIn) -> ExitCode {
    for violation in agent.violations { print("violation: \(violation)") }
    // LAUNCH goes out in the answer to SUBSCRIBE.
    if let launch = agent.calls.first(where: { $0.type == "SUBSCRIBE" && $0.status == 200 }),
      let running = agent.updates(of: taskID).first(where: { $0.state == "TASK_RUNNING" })
    {
      print("from LAUNCH to RUNNING: \((running.received - launch.time) / .seconds(1)) s")
    }
    let last = agent.updates(of: taskID).last?.state ?? "no update"
    print("executor ended: \(run.status.map(String.init(describing:)) ?? "unknown")")
    let isClean = agent.violations.isEmpty && run.status?.isSuccess == true
    return ExitCode(isClean && ["TASK_FINISHED", "TASK_KILLED"].contains(last) ? 0 : 1)
  }

  private func sendOthers(to agent: AgentStandIn, _ executor: String) throws {
    for number in 1..<tasks {
      var task = try description()
      task.id += "-\(number)"
      task.executorID = executor
      task.executorEnvironment = [:]
      task.ports = task.ports.first.map { [$0 + number] } ?? []
      agent.send(task)
    }
  }

  /// The resident memory of a process in KiB.
  private static func resident(_ pid: Int32) -> Int {
    let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return line.split(separator: " ").compactMap { Int($0) }.first ?? 0
  }

  private func description() throws -> TaskDescription {
    let ports = try ports.split(separator: ",").map { text in
      guard let port = Int(text) else { throw ValidationError("--ports: \(text) is no port.") }
      return port
    }
    let path = URL(fileURLWithPath: executor).path
    let composeNames = compose.map { URL(fileURLWithPath: $0).lastPathComponent }
    let names = fileName ?? composeNames.joined(separator: ",")
    let labels = names.isEmpty ? [] : [(key: "fileName", value: names)]
    var task =
      switch framework {
      case .plain: TaskDescription.plain(id: taskID, executor: path, ports: ports, labels: labels)
      case .marathon:
        TaskDescription.marathon(id: taskID, executor: path, ports: ports, labels: labels)
      case .aurora:
        TaskDescription.aurora(
          id: taskID, command: "exec '\(path)'", ports: ports, metadata: labels)
      }
    task.memory = mem
    task.cpus = cpus
    return task
  }

  private func launch() throws -> LaunchOptions {
    var launch = LaunchOptions()
    launch.launcher =
      switch launcher {
      case .posix: .posix
      case .cgroups1: .cgroups1
      case .cgroups2: .cgroups2
      }
    launch.cgroupsRoot = cgroupsRoot
    launch.directory = directory
    for file in compose {
      let url = URL(fileURLWithPath: file)
      launch.files[url.lastPathComponent] = try String(contentsOf: url, encoding: .utf8)
    }
    for variable in env {
      let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw ValidationError("--env: \(variable) has no =.") }
      launch.environment[String(parts[0])] = String(parts[1])
    }
    return launch
  }
}
