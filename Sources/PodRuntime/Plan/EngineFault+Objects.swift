import Compose
import DockerEngine
import YAML

extension EngineFault {
  /// Why a network can't be created.
  static let ofNetworks = [
    EngineFault(
      "pool overlaps", keys: ["ipam.config.0.subnet", "ipam"],
      "another network of this host has its subnet"),
    EngineFault(
      "invalid pool request", keys: ["ipam.config.0.subnet", "ipam"],
      "another network of this host has its subnet"),
    EngineFault(
      "cannot create network", "conflicts with network",
      keys: ["ipam.config.0.subnet", "driver_opts", "ipam"],
      "another network of this host has its subnet or its bridge"),
    EngineFault(
      "non-overlapping IPv6 address pool", keys: ["enable_ipv6"],
      "the engine has no free IPv6 subnet: set one (`ipam`)"),
    EngineFault(
      "non-overlapping", keys: [],
      "this host has no subnet left: remove unused networks, set a subnet (`ipam`), or configure more "
        + "(default-address-pools in daemon.json)"),
    EngineFault(
      "all predefined address pools", keys: [],
      "this host has no subnet left: remove unused networks, set a subnet (`ipam`), or configure more "
        + "(default-address-pools in daemon.json)"),
    EngineFault(
      "invalid subnet", keys: ["ipam.config.0.subnet", "ipam"], object: ("subnet ", " :"),
      "* is not a subnet"),
    EngineFault(
      "failed to allocate gateway", keys: ["ipam.config.0.gateway", "ipam"],
      object: ("gateway (", ")"), "the gateway * is outside the subnet"),
    EngineFault(
      "no matching subnet for gateway", keys: ["ipam.config.0.gateway", "ipam"],
      "the gateway is outside the subnet"),
    EngineFault(
      "no matching subnet for range", keys: ["ipam.config.0.ip_range", "ipam"],
      "`ip_range` is outside the subnet"),
    EngineFault(
      "aux-address", keys: ["ipam.config.0.aux_addresses", "ipam"],
      "an address of `aux_addresses` is outside the subnet"),
    EngineFault(
      "could not find plugin", keys: ["driver"], "this engine has no such network driver"),
    EngineFault(
      "plugin", "not found", keys: ["driver", "ipam.driver"], object: ("plugin \"", "\""),
      "this engine has no network driver '*'"),
    EngineFault(
      "error looking up", "plugin", keys: ["ipam.driver", "driver"], object: ("plugin ", ":"),
      "this engine has no network driver '*'"),
    EngineFault(
      "swarm", keys: ["driver"],
      "this network driver needs a swarm, and this host is not in a swarm"),
    EngineFault(
      "failed to parse com.docker", keys: ["driver_opts.*", "driver_opts"],
      object: ("parse ", " value"), "the option * doesn't accept this value"),
    EngineFault(
      "vlan", keys: ["driver_opts.parent", "driver_opts"], "`parent` isn't an interface with a VLAN"
    ),
    EngineFault(
      "parent", keys: ["driver_opts.parent", "driver_opts"],
      "`parent` isn't an interface that can be used"),
  ]

  /// Why a volume can't be created.
  static let ofVolumes = [
    EngineFault(
      "error looking up volume plugin", keys: ["driver"], object: ("plugin ", ":"),
      "this engine has no volume driver '*'"),
    EngineFault(
      "plugin \"", "not found", keys: ["driver"], object: ("plugin \"", "\""),
      "this engine has no volume driver '*'"),
    EngineFault(
      "invalid option", keys: ["driver_opts.*", "driver_opts"], object: ("option: \"", "\""),
      "the driver has no option '*'"),
    EngineFault("invalid option key", keys: ["driver_opts"], "the driver has no such option"),
    EngineFault(
      "missing required option", keys: ["driver_opts"], object: ("option: \"", "\""),
      "`driver_opts` lacks '*'"),
    EngineFault(
      "missing device in volume options", keys: ["driver_opts"], "`driver_opts` lacks 'device'"),
    EngineFault(
      "quota", keys: ["driver_opts.size", "driver_opts"],
      "this host's storage can't limit a volume's size"),
    EngineFault("volume name", keys: ["name"], "the volume's name is not valid"),
  ]
}

extension PodPlan {
  /// Explains why a network can't be created, with the line that is the cause.
  ///
  /// - Parameters:
  ///   - name: its name in Docker, as in `networks`.
  ///   - error: the engine's error.
  /// - Returns: a `DiagnosticError`, or a `StartFailure` if the file isn't the cause.
  func explainNetwork(_ name: String, _ error: EngineError) -> any Error {
    let network = networkSources[name]
    return explain(
      error, "network '\(network?.key ?? name)'", faults: EngineFault.ofNetworks,
      locations: network?.locations ?? [:], position: network?.position)
  }

  /// Explains why a volume can't be created, with the line that is the cause.
  ///
  /// - Parameters:
  ///   - name: its name in Docker, as in `volumes`.
  ///   - error: the engine's error.
  /// - Returns: a `DiagnosticError`, or a `StartFailure` if the file isn't the cause.
  func explainVolume(_ name: String, _ error: EngineError) -> any Error {
    let volume = volumeSources[name]
    return explain(
      error, "volume '\(volume?.key ?? name)'", faults: EngineFault.ofVolumes,
      locations: volume?.locations ?? [:], position: volume?.position)
  }

  private func explain(
    _ error: EngineError, _ title: String, faults: [EngineFault],
    locations: [String: SourcePosition], position: SourcePosition?
  ) -> any Error {
    let action = "\(title) can't be created"
    switch error.kind {
    case .unreachable, .timedOut:
      return StartFailure(description: "\(action): \(error.message)", isEngineAway: true)
    default: break
    }
    let fault = EngineFault.find(error.message, in: faults) { key, _ in locations[key] }
    guard let fault else { return DiagnosticError("\(action): \(error.message)", at: position) }
    return DiagnosticError(
      EngineFault.line(action, fault.explanation, engine: error.message),
      at: fault.position ?? position)
  }
}
