import Cgroups
import Compose
import DockerEngine
import Linux
import PodIdentity
import SystemPackage
import Systemd
import YAML

/// Plans a pod once, then places the plan under a cgroup that depends on the engine and the host.
package struct PodPreparation: Sendable {
  let request: PodRequest
  let engine: DockerEngine
  let info: Task<EngineInfo, any Error>?
  private let draft: PlanDraft

  /// Plans a pod without contacting the engine, so that errors in the file are found first.
  ///
  /// - Parameters:
  ///   - request: the project and its task.
  ///   - engine: the engine in which the pod will be created.
  ///   - info: a running request for the engine's information, which takes time; nil to send it
  ///     later.
  /// - Throws: `DiagnosticError` for what can't be run as a pod.
  package init(
    request: PodRequest, engine: DockerEngine, info: Task<EngineInfo, any Error>? = nil
  ) throws(DiagnosticError) {
    self.request = request
    self.engine = engine
    self.info = info
    do throws(DiagnosticError) {
      let planned = try PodPlanner.plan(request, identity: request.identity)
      try request.limits?.check(request.project)
      try request.policy.check(request.options)
      try request.defaults.check(request.project, logging: request.logging)
      try request.checkServiceOfChecks()
      draft = try planned.confined(by: request, socket: engine.endpoint.socketPath)
    } catch {
      throw request.project.unset.explaining(error, byKey: true)
    }
  }

  /// The external secrets and configs of all containers.
  var externalMounts: [ExternalMount] { draft.externalMounts }

  /// Checks the pod's plan against the operator's policy again.
  ///
  /// - Throws: `DiagnosticError` with the line that violates the policy.
  func checkPolicyAgain() throws(DiagnosticError) {
    _ = try draft.confined(by: request, socket: engine.endpoint.socketPath)
  }

  /// Gets the engine's cgroup driver and version, and places the plan under the pod's cgroup.
  ///
  /// - Parameter asksAnew: whether to request the engine's information again if it is known
  ///   already.
  /// - Returns: the plan.
  /// - Throws: `DiagnosticError` for what can't be run as a pod, `EngineError` if the engine
  ///   doesn't respond, and `SetupFailure` for an engine that can't run a pod below its cgroup.
  package func plan(askingAnew asksAnew: Bool = false) async throws -> PodPlan {
    do {
      return try await unexplainedPlan(asksAnew ? nil : info)
    } catch let error as DiagnosticError {
      throw request.project.unset.explaining(error, byKey: true)
    }
  }

  private func unexplainedPlan(_ known: Task<EngineInfo, any Error>?) async throws -> PodPlan {
    let info = if let known { try await known.value } else { try await engine.info() }
    if let refusal = PodmanLimits.refusal(by: info) { throw refusal }
    guard info.cgroupDriver != "none" else {
      throw SetupFailure(
        description:
          "the engine doesn't put containers into cgroups (cgroup driver none: a rootless engine without delegation), "
          + "so a task's limits would not apply: use a rootful engine, or delegate cgroups to its user with "
          + "cgroup version 2 and the driver cgroupfs"
      )
    }
    if request.logging == .engine, info.loggingDriver == "none" {
      throw SetupFailure(
        description:
          "the engine's own log driver is none (log-driver in daemon.json), which has no log to read after the "
          + "engine was away: set another driver, or remove `logging: engine`")
    }
    let version = CgroupVersion(rawValue: info.cgroupVersion) ?? .v1
    let parent = CgroupParent.choose(
      run: request.run, version: version, membership: try CgroupMembership.current())
    let slice = info.cgroupDriver == "systemd" ? try slice(info, version) : nil
    var plan = try draft.placed(
      under: slice?.slice.path ?? parent.path, executorCgroup: parent.isMesos ? parent.path : ""
    ).fitted(to: try await engine.ability())
    try PodmanLimits.check(
      plan.containers, by: info, hasSystemd: PodmanLimits.hasSystemd(at: engine.endpoint))
    let directory = request.project.workingDirectory
    let roots = request.policy.readableDirectories.map {
      ([request.sandbox ?? directory] + $0).map(RealPath.of)
    }
    try SeccompProfiles.inline(in: &plan, directory: directory, within: roots)
    plan.slice = slice
    if slice == nil, parent.isMesos, version == .v2 {
      plan.reservation = try reserveDirectory(below: parent)
    }
    return plan
  }

  /// The plan, before the engine's cgroup version is known. It exists if both versions give the
  /// pod's cgroup the same name.
  ///
  /// - Parameter ability: what the engine supports.
  /// - Returns: a plan from which networks and volumes can be created while the engine's
  ///   information is still requested; nil if that information is needed first.
  /// - Throws: `DiagnosticError` for what can't be run as a pod.
  func earlyPlan(_ ability: EngineAbility) throws -> PodPlan? {
    // The engine may use the cgroup driver systemd, which has other names.
    if Systemd.isInit { return nil }
    let membership = try CgroupMembership.current()
    let parents = [CgroupVersion.v1, .v2].map {
      CgroupParent.choose(run: request.run, version: $0, membership: membership)
    }
    guard parents[0].path == parents[1].path, !parents.contains(where: \.isMesos) else {
      return nil
    }
    return try draft.placed(under: parents[0].path).fitted(to: ability)
  }

  /// Refuses a pod that needs more than the engine's API supports.
  ///
  /// - Returns: what the engine supports.
  /// - Throws: `DiagnosticError` with the line that needs it, `EngineError` if the engine is
  ///   unreachable.
  func check() async throws -> EngineAbility {
    do {
      let ability = try await engine.ability()
      _ = try draft.placed(under: "").fitted(to: ability)
      return ability
    } catch let error as DiagnosticError {
      throw request.project.unset.explaining(error, byKey: true)
    }
  }

  /// On cgroup version 2, a recovering agent treats the engine's cgroups as orphaned containers,
  /// looks for them in this directory, and exits if the directory is missing.
  ///
  /// - Returns: the directory if this process has no permission to create it, because the agent
  ///   gives an ordinary user the leaf cgroup only (isolators/cgroups2/cgroups2.cpp, `prepare`).
  private func reserveDirectory(below parent: CgroupParent) throws -> String? {
    let tree = CgroupTree(mounts: try CgroupMounts.current())
    let path = parent.path + "/mesos"
    do {
      try tree.make(path, version: .v2)
      return nil
    } catch Errno.permissionDenied, Errno.notPermitted, Errno.readOnlyFileSystem {
      return path
    } catch {
      throw SetupFailure(description: "cgroup \(path) can't be created: \(error)")
    }
  }
}

/// The reason that an engine or host can't run a pod.
package struct SetupFailure: Error, Sendable, CustomStringConvertible {
  /// The reason, in one line for people.
  package let description: String
}
