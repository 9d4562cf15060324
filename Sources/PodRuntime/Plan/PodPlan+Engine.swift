import Compose
import DockerEngine
import OrderedCollections
import YAML

extension PodPlan {
  /// The plan for an engine. A need that the engine's API doesn't support is refused before
  /// anything is created.
  ///
  /// - Parameter ability: what the engine supports.
  /// - Returns: the plan. For engines without private IPC namespaces, the infrastructure container
  ///   has no IPC mode.
  /// - Throws: `DiagnosticError` with the line that needs it.
  func fitted(to ability: EngineAbility) throws(DiagnosticError) -> PodPlan {
    for network in networks {
      guard let feature = network.needs.first(where: { !ability.has($0) }) else { continue }
      let source = networkSources[network.name]
      throw DiagnosticError(
        "network '\(source?.key ?? network.name)' can't be created: \(ability.lack(of: feature))",
        at: source?.locations["enable_ipv4"] ?? source?.position)
    }
    var plan = self
    for (index, container) in containers.enumerated() {
      if container.isInfra, !ability.has(.privateIPC) {
        plan.containers[index].create.hostConfig?.ipcMode = nil
      } else {
        try container.check(ability, "\(container.title) can't be created")
      }
      for hook in container.preStart {
        try hook.check(ability, "the pre_start of service '\(container.service.name)' can't be run")
      }
    }
    return plan
  }
}

extension ContainerPlan {
  /// Throws if the engine doesn't support a need of the container, or of a hook in it.
  fileprivate func check(_ ability: EngineAbility, _ action: String) throws(DiagnosticError) {
    let needs = create.needs + connections.flatMap { $0.settings.needs(isFirst: false) }
    if let feature = needs.first(where: { !ability.has($0) }) {
      throw DiagnosticError(
        "\(action): \(ability.lack(of: feature))", at: location(of: feature) ?? service.position)
    }
    if ability.has(.execWorkingDir) { return }
    for (kind, hooks) in [("post_start", service.postStart), ("pre_stop", service.preStop)] {
      guard let hook = hooks.first(where: { $0.workingDir != nil }) else { continue }
      let lack = ability.lack(of: .execWorkingDir)
      throw DiagnosticError(
        "the \(kind) of service '\(service.name)' can't be run: \(lack)", at: hook.position)
    }
  }

  /// The position of the key that needs a feature; nil if the file doesn't have it.
  func location(of feature: EngineFeature) -> SourcePosition? {
    let mounts = service.mounts
    let networks = service.networks
    func network(_ isMeant: (NetworkAttachment) -> Bool) -> SourcePosition? {
      networks.values.first(where: isMeant)?.position
    }
    switch feature {
    case .deviceCgroupRules: return service.locations["device_cgroup_rules"]
    case .startPeriod: return service.locations["healthcheck.start_period"]
    case .privateIPC: return service.ipc?.position
    case .sctp:
      return service.ports.first { $0.container.transport == .sctp }?.position
        ?? service.locations["expose"]
    case .unmaskedPaths:
      return service.securityOpt.first { $0.value == "systempaths=unconfined" }?.position
    case .deviceRequests:
      return service.locations["gpus"] ?? service.locations["deploy.resources.reservations.devices"]
        ?? service.locations["devices"]
    case .privateCgroupNamespace: return service.locations["cgroup"]
    case .hostGateway: return service.extraHosts.first { $0.address == "host-gateway" }?.position
    case .nonRecursiveBind: return mounts.first { $0.recursion == "disabled" }?.position
    case .forcedReadOnly: return mounts.first { $0.recursion == "readonly" }?.position
    case .volumeSubpath: return mounts.first { $0.subpath != nil }?.position
    case .imageMount:
      return mounts.first { if case .image = $0.source { true } else { false } }?.position
    case .endpointDriverOptions: return network { !$0.driverOptions.isEmpty }
    case .interfaceName: return network { $0.interfaceName != nil }
    case .addressOnOtherNetworks: return network { $0.macAddress != nil }
    default: return nil
    }
  }
}
