import Compose
import DockerEngine
import Glibc
import YAML

/// What of a pod podman can't hold, as it is set up.
enum PodmanLimits {
  /// Why it can hold no pod; nil where it can, and for an engine that isn't podman.
  static func refusal(by info: EngineInfo) -> SetupFailure? {
    guard info.isPodman else { return nil }
    if info.securityOptions.contains("name=rootless"), info.cgroupVersion == "1" {
      return SetupFailure(
        description:
          "podman \(info.serverVersion) without root puts containers into no cgroup on cgroup "
          + "version 1, so a task's limits would not hold: use the system's podman service")
    }
    if info.cgroupDriver == "systemd" {
      return SetupFailure(
        description:
          "podman \(info.serverVersion) uses the systemd cgroup manager, which puts containers "
          + "into slices only: set cgroup_manager = \"cgroupfs\" below [engine] in "
          + "/etc/containers/containers.conf, and restart its service")
    }
    return nil
  }

  /// Refuses a healthcheck where nothing would run it: podman leaves the timing to systemd.
  ///
  /// - Throws: `ComposeError` at the service.
  static func check(
    _ containers: [ContainerPlan], by info: EngineInfo, hasSystemd: Bool
  ) throws {
    guard info.isPodman, !hasSystemd else { return }
    for container in containers where container.hasHealthcheck(imageHas: false) {
      throw ComposeError(
        "service '\(container.service.name)' has a healthcheck, which podman runs by systemd, "
          + "and systemd doesn't run here",
        at: container.service.position)
    }
  }

  /// Whether systemd runs on the engine's host; true where that can't be seen.
  static func hasSystemd(at endpoint: EngineEndpoint) -> Bool {
    !endpoint.isLocal || access("/run/systemd/private", F_OK) == 0
  }
}

extension EngineError {
  /// Whether podman can't attach to a container as yet: it prepares the container for that, so
  /// the containers must run whose namespaces it joins.
  var isAttachedTooEarly: Bool { message.contains("are not started") }
}
