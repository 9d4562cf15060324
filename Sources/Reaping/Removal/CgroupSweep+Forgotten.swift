import Cgroups
import DockerEngine
import Glibc
import Logging
import PodIdentity

/// Processes of containers that the engine has forgotten: one that is killed in the middle of a start can lose a container
/// whose processes live. Nothing but the run's cgroup leads to them.
extension Reaper {
  /// Kills what forgotten containers of a dead pod left in its cgroup. The proof of death is taken again before each kill,
  /// and only that of the process table on this boot counts: cgroups don't outlive a boot, and where the pid isn't known a
  /// process in the run's cgroup is a sign of life.
  ///
  /// - Parameters:
  ///   - identity: the pod, found leaked in this pass.
  ///   - verdicts: what the pass judged.
  ///   - removal: the cgroups as they are now.
  /// - Returns: the containers whose processes were killed.
  func killForgotten(
    of identity: PodIdentity, _ verdicts: [PodIdentity: Verdict], _ removal: CgroupRemoval
  ) async -> [String] {
    let path = identity.cgroupParent
    guard !dryRun, CgroupPath.isRun(path, identity.run) else { return [] }
    var killed: [String] = []
    for container in removal.populatedContainers(path) {
      // Another incarnation may have begun in the same run since, or the engine have found the container again.
      guard let now = try? await observer.look(run: identity.run),
        !isShared(path, now.pods, verdicts)
      else { break }
      let processes = removal.processes(of: container, below: path)
      guard let data = await dataFolder(), place(of: processes, data) != .elsewhere,
        await isForgotten(container)
      else { continue }
      guard isDeadByProcess(identity), !isLeased(identity.run, path, removal) else { break }
      let look = await removal.folders.kill(
        CgroupPath.container(container, below: path), keeping: removal.keeping, within: .seconds(2))
      guard look == .empty || look == .missing else { continue }
      log.notice(
        "killed the processes of container \(container.prefix(12)), which the engine has forgotten",
        metadata: Self.fields(identity, [:]))
      killed.append(container)
    }
    return killed
  }

  /// Reports a cgroup that no pod owns and that forgotten containers of this engine live in: nothing proves that their
  /// executor is dead, so they are left alone. It is looked at twice, as a pod that ends is no leak.
  ///
  /// - Parameters:
  ///   - path: the cgroup, directly below a root.
  ///   - removal: the cgroups as they are now.
  ///   - report: told of it.
  /// - Returns: when a further look is due.
  func reportForgotten(
    _ path: String, _ removal: CgroupRemoval, _ report: inout PassReport
  ) async -> BootTime? {
    var found: [(container: String, processes: Set<Int32>)] = []
    if engineData == nil { engineData = await dataFolder() }
    guard let engineData else { return nil }
    for container in removal.populatedContainers(path) {
      let processes = removal.processes(of: container, below: path)
      if place(of: processes, engineData) == .onThisEngine, await isForgotten(container) {
        found.append((container, processes))
      }
    }
    guard !found.isEmpty, !dryRun else {
      forgotten[path] = nil
      return nil
    }
    guard let first = forgotten[path] else {
      forgotten[path] = .now
      return .now + max(settings.grace, .milliseconds(500))
    }
    let ripe = first + max(settings.grace, .milliseconds(500))
    guard .now >= ripe else { return ripe }
    for (container, processes) in found {
      let numbers = processes.sorted().prefix(8).map { "\($0)" }.joined(separator: " ")
      let words =
        "\(path)/\(container): processes of a container that the engine has forgotten: \(numbers)"
      report.cgroupsFailed.append(words)
      if saidForgotten.insert(container).inserted { log.error("not removed: cgroup \(words)") }
    }
    return nil
  }

  /// Whether the engine says that it has no such container; one that doesn't answer says nothing.
  private func isForgotten(_ container: String) async -> Bool {
    do {
      _ = try await engine.inspectContainer(container)
      return false
    } catch {
      return (error as? EngineError)?.isNotFound == true
    }
  }

  /// Whose files processes live on.
  private enum Place { case onThisEngine, onTheHost, elsewhere }

  /// Where the engine keeps its files, with a slash at its end; nil where it doesn't say so.
  private func dataFolder() async -> String? {
    let folder = (try? await engine.info().dockerRootDir) ?? ""
    return folder.hasPrefix("/") && folder != "/" ? folder + "/" : nil
  }

  /// Looks whose files processes live on: another engine of this host may have containers of the same run.
  private func place(of processes: Set<Int32>, _ data: String) -> Place {
    if processes.isEmpty { return .elsewhere }
    let isHere = processes.allSatisfy { pid in
      (try? KernelFile.text("/proc/\(pid)/mountinfo"))?.contains(data) == true
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

  /// Whether the process table says, now and on this boot, that a pod's executor is gone, and nothing says otherwise.
  private func isDeadByProcess(_ identity: PodIdentity) -> Bool {
    var host = HostFacts.current(engine: engine.endpoint)
    host.processTableFailure = host.processTableFailure ?? ProcessTableCheck.failure()
    guard identity.incarnation.bootID != nil, identity.incarnation.bootID == host.bootID,
      case .gone? = identity.incarnation.look()
    else { return false }
    gatherLeases(identity)
    guard let record = records[identity] else { return false }
    return Verdict.judge(identity, on: host, by: record, now: .now, grace: settings.grace).state
      == .leaked
  }
}
