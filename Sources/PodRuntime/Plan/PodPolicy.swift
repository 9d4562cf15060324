import Compose
import Glibc
import OrderedCollections
import YAML
import Linux

/// What a pod may ask of the host: the `allow:` part of the operator's file.
public struct PodPolicy: Sendable, Equatable {
  /// What is allowed of a kind.
  public enum Allowed: Sendable, Equatable {
    /// Everything.
    case everything
    /// What is listed, and for paths what lies below; an empty list allows nothing.
    case only([String])
  }
  /// `privileged: true`, and security options that switch a confinement off.
  public var privileged: Bool
  /// The host's network, pid and ipc namespaces, and those of containers outside the pod.
  public var hostNamespaces: Bool
  /// Devices, by path.
  public var devices: Allowed
  /// Added capabilities, with or without `CAP_`.
  public var capabilities: Allowed
  /// Folders of the host that may be mounted; those of the project folder always may.
  public var bindMounts: Allowed
  /// Docker's own socket: whoever has it is root on the host.
  public var dockerSocket: Bool
  /// Hooks that a task names: commands on the host, as the executor's user.
  public var hooks: Bool

  /// Makes a policy.
  public init(
    privileged: Bool, hostNamespaces: Bool, devices: Allowed, capabilities: Allowed,
    bindMounts: Allowed, dockerSocket: Bool, hooks: Bool = false
  ) {
    self.privileged = privileged
    self.hostNamespaces = hostNamespaces
    self.devices = devices
    self.capabilities = capabilities
    self.bindMounts = bindMounts
    self.dockerSocket = dockerSocket
    self.hooks = hooks
  }

  /// No restriction: what holds where no operator has said otherwise.
  public static let unrestricted = PodPolicy(
    privileged: true, hostNamespaces: true, devices: .everything, capabilities: .everything,
    bindMounts: .everything, dockerSocket: true, hooks: true)

  /// Nothing but plain containers.
  public static let strict = PodPolicy(
    privileged: false, hostNamespaces: false, devices: .only([]), capabilities: .only([]),
    bindMounts: .only([]), dockerSocket: false)

  /// Refuses what a project asks for beyond the policy.
  ///
  /// - Parameters:
  ///   - project: the project.
  ///   - sandbox: whose files any pod may mount; nil for the project's directory.
  ///   - engineSocket: the engine's unix socket; nil for an engine over TCP.
  /// - Throws: `ComposeError` with the line that asks.
  public func check(
    _ project: Project, sandbox: String? = nil, engineSocket: String?
  ) throws(ComposeError) {
    for service in project.services.values.flatMap(\.withPreStart) {
      try checkPrivileges(of: service)
      try checkNamespaces(of: service)
      try checkDevices(of: service)
      for mount in service.mounts {
        guard case .bind(let path) = mount.source else { continue }
        try checkPath(
          path, in: project, sandbox: sandbox, engineSocket: engineSocket, at: mount.position)
      }
      if let build = service.build {
        let context = [Located(build.context, at: build.position)].filter {
          $0.value.hasPrefix("/")
        }
        for file in context + build.hostFiles {
          try checkPath(
            file.value, in: project, sandbox: sandbox, engineSocket: engineSocket, at: file.position
          )
        }
      }
      for file in service.files {
        guard case .file(let path) = file.source else { continue }
        try checkPath(
          path, in: project, sandbox: sandbox, engineSocket: engineSocket, at: file.position)
      }
    }
    for volume in project.volumes.values {
      try checkVolume(volume, in: project, sandbox: sandbox, engineSocket: engineSocket)
    }
    try checkDetours(project)
  }

  /// Refuses hooks that a task names where the policy has none.
  ///
  /// - Parameter options: what the pod does beyond its file.
  /// - Throws: `ComposeError` with the command.
  public func check(_ options: PodOptions) throws(ComposeError) {
    guard !hooks, let hook = options.hooks.first(where: { !$0.isOperators }) else { return }
    throw ComposeError(
      "the \(hook.event.rawValue) hook '\(hook.command)' is not allowed on this host (operator's file, allow: hooks)"
    )
  }

  private func checkDevices(of service: Service) throws(ComposeError) {
    guard case .only(let listed) = devices else { return }
    for device in service.devices {
      let path = device.value.prefix { $0 != ":" }
      if !allows(String(path), in: devices) {
        throw refusal("device \(path)", "devices", at: device.position)
      }
    }
    // A rule opens devices by number, whatever their path.
    if let rule = service.resources.deviceCgroupRules.first {
      throw refusal("device_cgroup_rules \(rule.value)", "devices", at: rule.position)
    }
    let needs = service.resources.gpus + service.resources.reservedDevices
    if let need = needs.first, !listed.contains("gpus") {
      throw refusal("a GPU or other device of a driver", "devices", at: need.position)
    }
  }

  private func checkPrivileges(of service: Service) throws(ComposeError) {
    if !privileged {
      if let asked = service.privileged, asked.value {
        throw refusal("privileged", "privileged", at: asked.position)
      }
      for option in service.securityOpt
      where option.value.contains("unconfined") || option.value.contains("disable")
        || option.value.hasSuffix("false") || SeccompProfiles.path(in: option.value) != nil
      {
        throw refusal("security_opt \(option.value)", "privileged", at: option.position)
      }
      // Memory that runs out must cost the one who took it.
      if let asked = service.resources.oomKillDisable, asked.value {
        throw refusal("oom_kill_disable", "privileged", at: asked.position)
      }
      if let asked = service.resources.oomScoreAdjustment, asked.value < 0 {
        throw refusal("oom_score_adj \(asked.value)", "privileged", at: asked.position)
      }
    }
    if !privileged, let asked = service.build?.privileges {
      throw refusal(asked.value, "privileged", at: asked.position)
    }
    for hook in service.postStart + service.preStop where !privileged {
      if let asked = hook.privileged, asked.value {
        throw refusal("a privileged hook", "privileged", at: asked.position)
      }
    }
    guard case .only(let names) = capabilities else { return }
    let allowed = Set(names.map(Self.capability))
    for added in service.capAdd where !allowed.contains(Self.capability(added.value)) {
      throw refusal("cap_add \(added.value)", "capabilities", at: added.position)
    }
  }

  private func checkNamespaces(of service: Service) throws(ComposeError) {
    guard !hostNamespaces else { return }
    for mode in [service.networkMode, service.pid, service.ipc] {
      guard let mode else { continue }
      switch mode.value {
      case .host, .container:
        throw refusal("\(mode.value.word)", "host-namespaces", at: mode.position)
      case .service, .none, .other: break
      }
    }
    let isolation = service.isolation
    for mode in [isolation.userNamespace, isolation.hostNames, isolation.cgroupNamespace] {
      if let mode, mode.value == "host" {
        throw refusal("the host's namespace", "host-namespaces", at: mode.position)
      }
    }
    for entry in service.volumesFrom {
      if case .container(let id) = entry.value.source {
        throw refusal("volumes of container \(id)", "host-namespaces", at: entry.position)
      }
    }
    if let build = service.build, build.network == "host" {
      throw refusal("build.network host", "host-namespaces", at: build.position)
    }
  }

  /// A local volume with options can be a bind mount, or a device, by another name.
  private func checkVolume(
    _ volume: Volume, in project: Project, sandbox: String?, engineSocket: String?
  ) throws(ComposeError) {
    guard let device = volume.driverOptions["device"], !volume.isExternal else { return }
    let position =
      volume.position ?? SourcePosition(file: project.files.first ?? "-", line: 1, column: 1)
    if (volume.driverOptions["o"] ?? "").contains("bind") {
      try checkPath(device, in: project, sandbox: sandbox, engineSocket: engineSocket, at: position)
    } else if device.hasPrefix("/"), !allows(device, in: devices) {
      throw refusal("volume device \(device)", "devices", at: position)
    }
  }

  private func checkPath(
    _ path: String, in project: Project, sandbox: String?, engineSocket: String?,
    at position: SourcePosition
  ) throws(ComposeError) {
    let real = RealPath.of(path)
    if !dockerSocket {
      let sockets =
        ["/var/run/docker.sock", "/run/docker.sock"] + (engineSocket.map { [$0] } ?? [])
      // A folder above the socket holds it too.
      if sockets.contains(where: { RealPath.isPath(RealPath.of($0), atOrBelow: real) }) {
        throw refusal("\(path), which holds Docker's socket,", "docker-socket", at: position)
      }
    }
    if RealPath.isPath(real, atOrBelow: RealPath.of(sandbox ?? project.workingDirectory)) { return }
    if !allows(real, in: bindMounts) {
      throw refusal("bind mount of \(path)", "bind-mounts", at: position)
    }
  }

  func allows(_ path: String, in allowed: Allowed) -> Bool {
    switch allowed {
    case .everything: true
    case .only(let roots): roots.contains { RealPath.isPath(path, atOrBelow: RealPath.of($0)) }
    }
  }

  func refusal(
    _ what: String, _ key: String, at position: SourcePosition
  ) -> ComposeError {
    ComposeError(
      "\(what) is not allowed on this host (operator's file, allow: \(key))", at: position)
  }

  private static func capability(_ name: String) -> String {
    let upper = name.uppercased()
    return upper.hasPrefix("CAP_") ? String(upper.dropFirst(4)) : upper
  }
}
