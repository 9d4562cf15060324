import Compose
import Concurrency
import DockerEngine
import Linux
import Logging
import PodControl
import PodIdentity
import PodReports
import YAML

extension Pod {
  /// Starts to collect the engine's data for a report.
  ///
  /// - Parameter all: whether to collect everything before returning; otherwise each container is
  ///   inspected right before its removal.
  /// - Returns: the collector.
  func beginInspection(ofAll all: Bool) async -> ReportInspection {
    readUsage()
    let ids = Set(
      Set(members.values.compactMap { $0.container ?? $0.lastContainer } + hookContainers.keys)
        .prefix(200))
    let limit: Duration =
      cleanupLimit.map { max(.milliseconds(100), min(.seconds(1), $0 / 8)) } ?? .seconds(1)
    let inspection = ReportInspection(
      engine: engine, containers: presence.isAway ? [] : ids, limit: limit)
    if all {
      await withTaskGroup(of: Void.self) { group in
        for id in ids { group.addTask { await inspection.inspect(id) } }
      }
    }
    return inspection
  }

  /// Records the service that decided the pod's outcome. Has no effect once the pod is ending.
  func recordDecider(_ name: String, _ exitCode: Int?) {
    guard !isEnding, let service = members[name]?.plan.service.name else { return }
    notes.decider = (service, exitCode)
  }

  /// Logs a failure of an optional or final service, and records it for the report.
  func recordOptional(_ text: String) {
    log.warning("\(text)")
    if notes.optionalFailures.count < 100 { notes.optionalFailures.append(text) }
  }

  /// Writes the report of the pod's end into the sandbox.
  ///
  /// - Parameters:
  ///   - outcome: the pod's outcome.
  ///   - inspection: the engine's data from before the removal.
  ///   - keptUntil: the time until which the containers are kept; nil if they are removed.
  func writeReport(
    _ outcome: PodOutcome, _ inspection: ReportInspection, keptUntil: String? = nil
  ) async {
    let inspected = await inspection.result()
    var report = SandboxReport(of: request, outcome, cause: cause(of: outcome))
    report.outcome.decidedBy =
      outcome.mainExitCode == nil ? notes.decider?.service : request.roles.deciding
    report.outcome.exitCode = outcome.mainExitCode ?? notes.decider?.exitCode
    if outcome.state == .finished { report.outcome.exitCode = 0 }
    report.outcome.optionalFailures = notes.optionalFailures
    report.keptUntil = keptUntil
    report.phases = phases
    report.networks = plan?.networks.map(\.name) ?? []
    report.volumes = plan?.volumes.compactMap(\.name) ?? []
    report.ports = status().ports
    report.images = inspected.images
    report.peakMemory = notes.usage.pod?.peakMemory
    report.cpuSeconds = notes.usage.pod?.cpuSeconds
    report.events = history.events
    for member in members.values.sorted(by: { $0.index < $1.index }) {
      report.containers.append(await container(of: member, inspected))
    }
    for (id, code) in hookContainers.sorted(by: { $0.key < $1.key }) {
      guard let inspection = inspected.containers[id] else { continue }
      var container = SandboxReport.Container(
        name: hookName(inspection), kind: "hook", role: nil, id: id, state: "exited")
      container.exitCode = code
      container.inspection = inspection
      report.containers.append(container)
    }
    await ReportWriting(sandbox: sandbox, isTask: request.sandbox != nil, log: log)
      .write(report)
  }

  private func hookName(_ inspection: EngineValue) -> String {
    if case .text(let name)? = inspection["Name"] { String(name.drop { $0 == "/" }) } else { "" }
  }

  private func container(
    of member: PodContainer, _ inspected: ReportInspection.Result
  ) async -> SandboxReport.Container {
    let id = member.container ?? member.lastContainer
    var container = SandboxReport.Container(
      name: member.plan.label, kind: member.plan.isInfra ? "infra" : "service",
      role: member.plan.isInfra ? nil : role(of: member.name).rawValue, id: id,
      state: member.state.word)
    container.exitCode = member.exitCode ?? member.run.exit?.code
    container.restarts = member.restarts
    container.inspection = id.flatMap { inspected.containers[$0] }
    if let figures = id.flatMap({ notes.usage.containers[$0] }) {
      container.peakMemory = figures.peakMemory
      container.cpuSeconds = figures.cpuSeconds
    }
    container.lastOutput = await member.output?.lines(10) ?? []
    return container
  }

  private func cause(of outcome: PodOutcome) -> String {
    switch outcome.state {
    case .finished: "completed"
    case .killed: "kill"
    case .failed where outcome.reason == .memoryLimit: "memory"
    case .failed: hasComeUp ? "failure" : "launch"
    }
  }

  /// The phases of the pod's life that have begun.
  private var phases: [SandboxReport.Phase] {
    let times = history.times
    let now = WallClock.now
    var phases: [SandboxReport.Phase] = []
    func add(_ name: String, _ started: String?, _ ended: String?) {
      if let started { phases.append(.init(name, started: started, ended: ended)) }
    }
    func first(_ kinds: PodEvent.Kind...) -> String? { kinds.compactMap { times.first[$0] }.min() }
    func last(_ kinds: PodEvent.Kind...) -> String? { kinds.compactMap { times.last[$0] }.max() }
    let (running, stopping) = (first(.podRunning), first(.podStopping))
    add("launch", first(.podStarting), running ?? stopping)
    add(
      "pull", first(.imagePulling, .imageBuilding), last(.imagePulled, .imageBuilt, .imageFailed))
    add(
      "create", first(.networkCreated, .volumeCreated, .containerCreated),
      last(.networkCreated, .volumeCreated, .containerCreated))
    add("start", first(.containerStarted), last(.containerStarted))
    add("healthy", first(.serviceHealthy), last(.serviceHealthy))
    add("run", running, stopping ?? notes.stoppedAt)
    add("stop", stopping, notes.stoppedAt)
    add("remove", notes.stoppedAt, now)
    return phases
  }
}
