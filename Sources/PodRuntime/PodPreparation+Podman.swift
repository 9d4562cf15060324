import Compose
import DockerEngine
import Glibc
import YAML

/// Checks for what podman can't do for a pod.
enum PodmanLimits {
  /// The reason that podman can't run any pod; nil if it can, and for other engines.
  static func refusal(by info: EngineInfo) -> SetupFailure? {
    guard info.isPodman else { return nil }
    if info.securityOptions.contains("name=rootless"), info.cgroupVersion == "1" {
      return SetupFailure(
        description:
          "podman \(info.serverVersion) without root doesn't put containers into cgroups on cgroup "
          + "version 1, so a task's limits would not apply: use the system's podman service")
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

  /// Refuses a healthcheck that nothing would run: podman uses systemd's timers for them.
  ///
  /// - Throws: `DiagnosticError` at the service.
  static func check(
    _ containers: [ContainerPlan], by info: EngineInfo, hasSystemd: Bool
  ) throws {
    guard info.isPodman, !hasSystemd else { return }
    for container in containers where container.hasHealthcheck(imageHas: false) {
      throw DiagnosticError(
        "service '\(container.service.name)' has a healthcheck, which podman runs with systemd, "
          + "and systemd isn't running on this host",
        at: container.service.position)
    }
  }

  /// Whether systemd runs on the engine's host; true if this can't be determined.
  static func hasSystemd(at endpoint: EngineEndpoint) -> Bool {
    !endpoint.isLocal || access("/run/systemd/private", F_OK) == 0
  }
}

extension EngineError {
  /// Whether podman can't attach to a container yet: it initializes the container for an attach,
  /// which requires that the containers whose namespaces it joins are running.
  var isAttachedTooEarly: Bool { message.contains("are not started") }
}
