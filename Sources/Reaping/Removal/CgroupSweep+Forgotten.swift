import Cgroups
import DockerEngine
import Glibc
import Logging
import PodIdentity
import PodObjects
import Linux
import Program

/// Processes of containers that the engine has forgotten: one that is killed in the middle of a
/// start can lose a container whose processes live. Nothing but the run's cgroup leads to them.
extension CgroupSweep {
  /// Kills what forgotten containers of a dead pod left in its cgroup. The proof of death is taken
  /// again before each kill, and only that of the process table on this boot counts: cgroups don't
  /// outlive a boot, and where the pid isn't known a process in the run's cgroup is a sign of life.
  ///
  /// - Parameter identity: the pod, found leaked in this pass.
  /// - Returns: the containers whose processes were killed.
  func killForgotten(of identity: PodIdentity) async -> [String] {
    let path = identity.cgroupParent
    guard CgroupPath.isRun(path, identity.run) else { return [] }
    var killed: [String] = []
    for container in folders.populatedContainers(path) {
      // Another incarnation may have begun in the same run since, or the engine have found the
      // container again.
      guard let now = try? await observer.observe(run: identity.run),
        !assessment.isShared(path, now.pods)
      else { break }
      let processes = folders.processes(of: container, below: path)
      guard let data = await dataFolder(), place(of: processes, data) != .elsewhere,
        await isForgotten(container)
      else { continue }
      guard await isDeadByProcess(identity),
        await !evidence().isLeased(identity.run, path, folders)
      else { break }
      let look = await remover.kill(container, below: path, within: .seconds(2))
      guard look == .empty || look == .missing else { continue }
      log.notice(
        "killed the processes of container \(container.prefix(12)), which the engine has forgotten",
        metadata: identity.logFields)
      killed.append(container)
    }
    return killed
  }

  /// Ends what is in a cgroup that no object of a pod leads to: someone has removed all that the
  /// engine had left of it. Where the cgroup or its slice says whose it is, and that executor is
  /// gone, the processes of forgotten containers are killed, and the cgroup is removed with what is
  /// empty in it. Else nothing proves that its executor is dead: processes of forgotten containers
  /// are reported. It is looked at twice, as a pod that ends is no leak.
  ///
  /// - Parameters:
  ///   - path: the cgroup, directly below a root.
  ///   - removes: false in a dry run, which reports nothing of it.
  ///   - janitor: since when it is seen.
  ///   - report: told of it.
  /// - Returns: when a further look is due.
  func endForgotten(
    _ path: String, _ removes: Bool, _ janitor: inout CgroupJanitor, _ report: inout PassReport
  ) async -> BootTime? {
    var found: [(container: String, processes: Set<Int32>)] = []
    if janitor.engineData == nil { janitor.engineData = await dataFolder() }
    guard let engineData = janitor.engineData else { return nil }
    for container in folders.populatedContainers(path) {
      let processes = folders.processes(of: container, below: path)
      let place = place(of: processes, engineData)
      if place != .elsewhere, await isForgotten(container) {
        found.append((container, processes))
      }
    }
    let isDead = await isOwnerDead(path)
    // One that has no files of its own yet may be another engine's.
    if !isDead { found.removeAll { place(of: $0.processes, engineData) != .onThisEngine } }
    let isToGo = !found.isEmpty || (isDead && folders.look(path) == .empty)
    guard isToGo, removes else {
      janitor.forgottenSince[path] = nil
      return nil
    }
    guard let first = janitor.forgottenSince[path] else {
      janitor.forgottenSince[path] = .now
      return .now + max(settings.grace, .milliseconds(500))
    }
    let ripe = first + max(settings.grace, .milliseconds(500))
    guard .now >= ripe else { return ripe }
    var isLeft = false
    for (container, processes) in found {
      if await kill(container, ofOwnerless: path) { continue }
      isLeft = true
      let numbers = processes.sorted().prefix(8).map { "\($0)" }.joined(separator: " ")
      let words =
        "\(path)/\(container): processes of a container that the engine has forgotten: \(numbers)"
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

  /// Kills what a forgotten container left in a cgroup that no object leads to.
  ///
  /// - Returns: whether its processes are gone; false where its executor isn't proven to be dead.
  private func kill(_ container: String, ofOwnerless path: String) async -> Bool {
    // The engine may have found the container again.
    guard await isForgotten(container), await mayEnd(path) else { return false }
    let look = await remover.kill(container, below: path, within: .seconds(2))
    guard look == .empty || look == .missing else { return false }
    log.notice(
      "killed the processes of container \(container.prefix(12)), which the engine has forgotten",
      metadata: ["run": "\(Printable.text(CgroupPath.run(of: path)))"])
    return true
  }

  /// Whether a cgroup that no object leads to is a dead executor's, looked at once more: a pod may
  /// have begun in the same run since.
  private func mayEnd(_ path: String) async -> Bool {
    let run = CgroupPath.run(of: path)
    guard let now = try? await observer.observe(run: run),
      !now.pods.keys.contains(where: { $0.run == run || $0.cgroupParent == path })
    else { return false }
    guard await isOwnerDead(path) else { return false }
    return await !evidence().isLeased(run, path, folders)
  }

  /// Whether a cgroup of a pod's own says whose it is, and the process table that this executor is
  /// gone.
  private func isOwnerDead(_ path: String) async -> Bool {
    guard CgroupPath.isOwn(path), ProcessTableCheck.failure() == nil else { return false }
    if let slice = PodSlice(path: path) { return await slice.owner() == .dead }
    guard let owner = folders.owner(of: path)?.incarnation, owner.bootID != nil,
      owner.bootID == HostFacts.current(engine: observer.engine.endpoint).bootID,
      case .gone? = owner.look()
    else { return false }
    return true
  }

  /// Whether the engine says that it has no such container; one that doesn't answer says nothing.
  private func isForgotten(_ container: String) async -> Bool {
    do {
      _ = try await observer.engine.inspectContainer(container)
      return false
    } catch {
      return (error as? EngineError)?.isNotFound == true
    }
  }

  /// Whose files processes live on.
  private enum Place { case onThisEngine, onTheHost, elsewhere }

  /// Where the engine keeps its files, with a slash at its end; nil where it doesn't say so.
  private func dataFolder() async -> String? {
    let folder = (try? await observer.engine.info().dockerRootDir) ?? ""
    return folder.hasPrefix("/") && folder != "/" ? folder + "/" : nil
  }

  /// Looks whose files processes live on: another engine of this host may have containers of the
  /// same run.
  private func place(of processes: Set<Int32>, _ data: String) -> Place {
    if processes.isEmpty { return .elsewhere }
    let isHere = processes.allSatisfy { pid in
      (try? TextFile.text("/proc/\(pid)/mountinfo"))?.contains(data) == true
    }
    if isHere { return .onThisEngine }
    // One that was killed before it had files of its own.
    let own = Self.mountNamespace(of: "self")
    let isOurs = processes.allSatisfy { own != nil && Self.mountNamespace(of: "\($0)") == own }
    return isOurs ? .onTheHost : .elsewhere
  }

  private static func mountNamespace(of process: String) -> ino_t? {
    var status = stat()
    return stat("/proc/\(process)/ns/mnt", &status) == 0 ? status.st_ino : nil
  }

  /// Whether the process table says, now and on this boot, that a pod's executor is gone, and
  /// nothing says otherwise.
  private func isDeadByProcess(_ identity: PodIdentity) async -> Bool {
    var host = HostFacts.current(engine: observer.engine.endpoint)
    host.processTableFailure = host.processTableFailure ?? ProcessTableCheck.failure()
    guard identity.incarnation.bootID != nil, identity.incarnation.bootID == host.bootID,
      case .gone? = identity.incarnation.look()
    else { return false }
    var evidence = await evidence()
    evidence.gatherLeases(identity)
    return evidence.verdict(of: identity, on: host, grace: settings.grace)?.state == .leaked
  }
}
