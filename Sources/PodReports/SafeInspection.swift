import DockerEngine

/// The part of the engine's description of a container that is included in a report.
///
/// Only the keys listed here are included. Keys that an engine adds later, and values in which a
/// file, an image or an operator may have a secret, are omitted (docs/pods.md, "Reports").
package enum SafeInspection {
  /// Keys whose values are included completely, by the object that has them; `*` stands for any
  /// key.
  private static let kept: [String: Set<String>] = [
    "": ["Id", "Name", "Created", "Image", "Platform", "Driver", "RestartCount", "SizeRw"],
    "State": [
      "Status", "Running", "Paused", "Restarting", "OOMKilled", "Dead", "Pid", "ExitCode",
      "StartedAt", "FinishedAt",
    ],
    "Config": [
      "Hostname", "User", "WorkingDir", "Image", "StopSignal", "StopTimeout", "Tty", "OpenStdin",
    ],
    "HostConfig": [
      "Memory", "MemorySwap", "MemoryReservation", "MemorySwappiness", "NanoCpus", "CpuShares",
      "CpuQuota", "CpuPeriod", "CpusetCpus", "CpusetMems", "BlkioWeight", "PidsLimit",
      "OomKillDisable", "OomScoreAdj", "Privileged", "ReadonlyRootfs", "NetworkMode", "PidMode",
      "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode", "CgroupParent", "CapAdd", "CapDrop",
      "GroupAdd", "Init", "ShmSize", "Runtime", "RestartPolicy", "Ulimits", "PublishAllPorts",
      "AutoRemove", "Dns", "DnsSearch", "ExtraHosts", "PortBindings",
    ],
    "HostConfig.LogConfig": ["Type"],
    "NetworkSettings": ["Ports"],
    "NetworkSettings.Networks.*": [
      "NetworkID", "IPAddress", "IPPrefixLen", "Gateway", "GlobalIPv6Address", "MacAddress",
      "Aliases",
    ],
    "Mounts[]": ["Type", "Name", "Source", "Destination", "Mode", "RW", "Propagation"],
  ]

  /// Keys of which only the names below them are included.
  private static let names: Set<String> = ["Config.Labels", "Config.ExposedPorts"]

  /// The omitted data, for the report.
  package static let leftOut =
    "values of environment variables and labels, commands and their arguments, contents of secrets and configs, "
    + "registry credentials, options of log drivers, volume drivers, security and devices"

  /// Selects the part that can be shown.
  ///
  /// - Parameter inspection: the engine's JSON.
  /// - Returns: that part; `Env` has the names of the variables.
  package static func selected(_ inspection: EngineValue) -> EngineValue {
    object(inspection, at: "")
  }

  private static func object(_ value: EngineValue, at path: String) -> EngineValue {
    guard case .object(let fields) = value else { return .null }
    let known = kept[path] ?? []
    return .object(
      fields.compactMap { field in
        let location = path.isEmpty ? field.key : "\(path).\(field.key)"
        if known.contains(field.key) { return .init(field.key, bounded(field.value)) }
        if location == "Config.Env" { return .init("Env", variables(field.value)) }
        if names.contains(location) { return .init(field.key, keys(field.value)) }
        if location == "NetworkSettings.Networks", case .object(let networks) = field.value {
          return .init(
            field.key,
            .object(
              networks.prefix(most).map {
                .init($0.key, object($0.value, at: "NetworkSettings.Networks.*"))
              }))
        }
        if location == "Mounts", case .list(let mounts) = field.value {
          return .init(
            field.key, .list(mounts.prefix(most).map { object($0, at: "Mounts[]") }))
        }
        guard
          ["State", "Config", "HostConfig", "HostConfig.LogConfig", "NetworkSettings"]
            .contains(location)
        else { return nil }
        return .init(field.key, object(field.value, at: location))
      })
  }

  /// The maximum number of entries of a list or object.
  private static let most = 200

  /// The names in a list of `NAME=VALUE`.
  private static func variables(_ value: EngineValue) -> EngineValue {
    guard case .list(let items) = value else { return .list([]) }
    return .list(
      items.prefix(most).compactMap { item in
        guard case .text(let text) = item else { return nil }
        return .text(ReportText.cut(String(text.prefix { $0 != "=" }), to: 256))
      })
  }

  private static func keys(_ value: EngineValue) -> EngineValue {
    guard case .object(let fields) = value else { return .list([]) }
    return .list(fields.prefix(most).map { .text(ReportText.cut($0.key, to: 256)) })
  }

  /// A value with bounded texts, lists and depth.
  private static func bounded(_ value: EngineValue, depth: Int = 0) -> EngineValue {
    switch value {
    case .text(let text): .text(ReportText.cut(text, to: 4096))
    case .list(let items):
      depth > 6 ? .null : .list(items.prefix(most).map { bounded($0, depth: depth + 1) })
    case .object(let fields):
      depth > 6
        ? .null
        : .object(fields.prefix(most).map { .init($0.key, bounded($0.value, depth: depth + 1)) })
    case .null, .boolean, .integer, .number: value
    }
  }
}
