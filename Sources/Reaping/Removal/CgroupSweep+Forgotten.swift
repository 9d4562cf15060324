import Cgroups
import DockerEngine
import Glibc
import Logging
import PodIdentity
import PodObjects
import Linux
import Program

/// Handles processes of forgotten containers, which the engine doesn't have any more: an engine
/// that is killed while it starts a container can lose the container although its processes run.
/// Only the run's cgroup leads to them.
extension CgroupSweep {
  /// Kills the processes of forgotten containers in a dead pod's cgroup. The proof of death is
  /// repeated before each kill. Only a proof by the process table on this boot counts: cgroups
  /// don't outlive a boot, and if the PID isn't known, a process in the run's cgroup is a sign of
  /// life.
  ///
  /// - Parameter identity: the pod, which this pass has found leaked.
  /// - Returns: the containers whose processes were killed.
  func killForgotten(of identity: PodIdentity) async -> [String] {
    let path = identity.cgroupParent
    guard CgroupPath.isRun(path, identity.run) else { return [] }
    var killed: [String] = []
    for container in tree.populatedContainers(path) {
      // Meanwhile another incarnation may have started in the same run, or the engine may have
      // found the container again.
      guard let now = try? await observer.observe(run: identity.run),
        !assessment.isShared(path, now.pods)
      else { break }
      let processes = tree.processes(of: container, below: path)
      guard let data = await dataDirectory(), location(of: processes, data) != .elsewhere,
        await isForgotten(container)
      else { continue }
      guard await isDeadByProcess(identity),
        await !evidence().isLeased(identity.run, path, tree)
      else { break }
      let occupancy = await remover.kill(container, below: path, within: .seconds(2))
      guard occupancy == .empty || occupancy == .missing else { continue }
      log.notice(
        "killed the processes of container \(container.prefix(12)), which the engine doesn't list any more",
        metadata: identity.logFields)
      killed.append(container)
    }
    return killed
  }

  /// Removes a cgroup that no object of a pod leads to, because all objects were removed, by others
  /// or in a pass that could not remove the cgroup. If the cgroup or its slice records its owner,
  /// and that executor is dead, the processes of forgotten containers are killed, and the cgroup is
  /// removed with its empty descendants. Otherwise there is no proof of death, and processes of
  /// forgotten containers are only reported. Two observations are needed, because a pod that is
  /// stopping is no leak.
  ///
  /// - Parameters:
  ///   - path: the cgroup, directly below a root.
  ///   - removes: false in a dry run, which doesn't report such cgroups.
  ///   - janitor: has the time of the first observation.
  ///   - report: receives the result.
  /// - Returns: when the next observation is due.
  func endForgotten(
    _ path: String, _ removes: Bool, _ janitor: inout CgroupJanitor, _ report: inout PassReport
  ) async -> BootTime? {
    var found: [(container: String, processes: Set<Int32>)] = []
    if janitor.engineData == nil { janitor.engineData = await dataDirectory() }
    guard let engineData = janitor.engineData else { return nil }
    for container in tree.populatedContainers(path) {
      let processes = tree.processes(of: container, below: path)
      let location = location(of: processes, engineData)
      if location != .elsewhere, await isForgotten(container) {
        found.append((container, processes))
      }
    }
    let isDead = await isOwnerDead(path)
    // A process without files of its own yet may be in a container of another engine.
    if !isDead { found.removeAll { location(of: $0.processes, engineData) != .onThisEngine } }
    let isToGo = !found.isEmpty || (isDead && tree.occupancy(path) == .empty)
    guard isToGo, removes else {
      janitor.forgottenSince[path] = nil
      return nil
    }
    guard let first = janitor.forgottenSince[path] else {
      janitor.forgottenSince[path] = .now
      return .now + max(settings.grace, .milliseconds(500))
    }
    let eligibleAt = first + max(settings.grace, .milliseconds(500))
    guard .now >= eligibleAt else { return eligibleAt }
    var isLeft = false
    for (container, processes) in found {
      if await kill(container, ofOwnerless: path) { continue }
      isLeft = true
      let numbers = processes.sorted().prefix(8).map { "\($0)" }.joined(separator: " ")
      let words =
        "\(path)/\(container): processes of a container that the engine doesn't list any more: \(numbers)"
      report.cgroupsFailed.append(words)
      if janitor.loggedForgotten.insert(container).inserted {
        log.error("not removed: cgroup \(words)")
      }
    }
    guard !isLeft, await mayEnd(path) else { return nil }
    let failures = await remove(path, .run)
    report.cgroupsFailed += failures
    if failures.isEmpty {
      report.cgroupsRemoved.append(path)
      janitor.forgottenSince[path] = nil
    }
    return nil
  }

  /// Kills the processes of a forgotten container in a cgroup that no object leads to.
  ///
  /// - Returns: whether its processes are gone; false also if its executor isn't proven dead.
  private func kill(_ container: String, ofOwnerless path: String) async -> Bool {
    // The engine may have found the container again.
    guard await isForgotten(container), await mayEnd(path) else { return false }
    let occupancy = await remover.kill(container, below: path, within: .seconds(2))
    guard occupancy == .empty || occupancy == .missing else { return false }
    log.notice(
      "killed the processes of container \(container.prefix(12)), which the engine doesn't list any more",
      metadata: ["run": "\(Printable.text(CgroupPath.run(of: path)))"])
    return true
  }

  /// Whether a cgroup that no object leads to still belongs to a dead executor: a pod may have
  /// started in the same run meanwhile.
  private func mayEnd(_ path: String) async -> Bool {
    let run = CgroupPath.run(of: path)
    guard let now = try? await observer.observe(run: run),
      !now.pods.keys.contains(where: { $0.run == run || $0.cgroupParent == path })
    else { return false }
    guard await isOwnerDead(path) else { return false }
    return await !evidence().isLeased(run, path, tree)
  }

  /// Whether one of the project's own cgroups records its owner, and the process table proves that
  /// this executor is dead.
  private func isOwnerDead(_ path: String) async -> Bool {
    guard CgroupPath.isOwn(path), ProcessTableCheck.failure() == nil else { return false }
    if let slice = PodSlice(path: path) { return await slice.owner() == .dead }
    guard let owner = tree.owner(of: path)?.incarnation, owner.bootID != nil,
      owner.bootID == HostFacts.current(engine: observer.engine.endpoint).bootID,
      case .gone? = owner.inspect()
    else { return false }
    return true
  }

  /// Whether the engine reports that it has no such container. If it doesn't respond, the result is
  /// false.
  private func isForgotten(_ container: String) async -> Bool {
    do {
      _ = try await observer.engine.inspectContainer(container)
      return false
    } catch {
      return (error as? EngineError)?.isNotFound == true
    }
  }

  /// The location of the files that processes use.
  private enum Location { case onThisEngine, onTheHost, elsewhere }

  /// The engine's data directory, with a slash at the end; nil if the engine doesn't report it.
  private func dataDirectory() async -> String? {
    let directory = (try? await observer.engine.info().dockerRootDir) ?? ""
    return directory.hasPrefix("/") && directory != "/" ? directory + "/" : nil
  }

  /// Determines whose files processes use: another engine of this host may have containers of the
  /// same run.
  private func location(of processes: Set<Int32>, _ data: String) -> Location {
    if processes.isEmpty { return .elsewhere }
    let isHere = processes.allSatisfy { pid in
      (try? TextFile.text("/proc/\(pid)/mountinfo"))?.contains(data) == true
    }
    if isHere { return .onThisEngine }
    // A process whose start was interrupted before it had its own files.
    let own = Self.mountNamespace(of: "self")
    let isOurs = processes.allSatisfy { own != nil && Self.mountNamespace(of: "\($0)") == own }
    return isOurs ? .onTheHost : .elsewhere
  }

  private static func mountNamespace(of process: String) -> ino_t? {
    var status = stat()
    return stat("/proc/\(process)/ns/mnt", &status) == 0 ? status.st_ino : nil
  }

  /// Whether the process table proves now, on this boot, that a pod's executor is dead, and no
  /// other evidence contradicts it.
  private func isDeadByProcess(_ identity: PodIdentity) async -> Bool {
    var host = HostFacts.current(engine: observer.engine.endpoint)
    host.processTableFailure = host.processTableFailure ?? ProcessTableCheck.failure()
    guard identity.incarnation.bootID != nil, identity.incarnation.bootID == host.bootID,
      case .gone? = identity.incarnation.inspect()
    else { return false }
    var evidence = await evidence()
    evidence.gatherLeases(identity)
    return evidence.verdict(of: identity, on: host, grace: settings.grace)?.state == .leaked
  }
}
