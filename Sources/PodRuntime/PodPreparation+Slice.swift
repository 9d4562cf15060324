import Cgroups
import DockerEngine
import PodIdentity
import Systemd

extension PodPreparation {
  /// The slice of the pod, for an engine with the cgroup driver systemd.
  ///
  /// - Throws: `SetupFailure` if the task's limits would not apply in the slice.
  func slice(_ info: EngineInfo, _ version: CgroupVersion) throws -> SliceKeeper.Claim {
    func refusal(_ why: String) -> SetupFailure {
      SetupFailure(
        description:
          "the engine uses the systemd cgroup driver, and \(why), so a task's limits would not apply"
      )
    }
    guard engine.endpoint.isLocal else { throw refusal("it is on another host") }
    guard !info.securityOptions.contains("name=rootless") else {
      throw refusal("it is rootless, so its slices belong to its user")
    }
    guard Systemd.isInit else {
      throw refusal("this host has no systemd (/run/systemd/system)")
    }
    guard let slice = PodSlice(run: request.run, parent: request.slices.parent) else {
      throw SetupFailure(
        description: "run \(request.run) is too long for the name of a slice")
    }
    let own = ExecutorCgroup(
      run: request.run, version: version, mounts: try CgroupMounts.current(),
      membership: try CgroupMembership.current())
    if let words = Self.escape(from: own.escaping) {
      switch request.slices.escape {
      case .refuse:
        throw SetupFailure(
          description:
            "\(words). Use an engine with the driver cgroupfs, remove the isolator, or set `escape-isolators: warn` in "
            + "/etc/compose-executor.yaml")
      case .warn: break
      }
    }
    return SliceKeeper.Claim(
      slice: slice, version: version, incarnation: .current(),
      warning: Self.escape(from: own.escaping))
  }

  private static func escape(from isolators: [String]) -> String? {
    guard !isolators.isEmpty else { return nil }
    let names = isolators.joined(separator: " and ")
    return
      "the agent's isolator\(isolators.count == 1 ? "" : "s") \(names) would not apply to the pod: the engine's driver systemd "
      + "puts it into a separate slice"
  }
}
