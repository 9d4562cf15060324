import DockerEngine

/// What of the engine's description of a container goes into a report.
///
/// Only what is listed here does: what an engine adds later, and whatever a file, an image or an operator can put a secret
/// into, is left out (docs/pods.md, "Reports").
public enum SafeInspection {
  /// Keys whose values are passed on whole, by the object that they are in; `*` stands for any key.
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

  /// Keys of which only the names below them are passed on.
  private static let names: Set<String> = ["Config.Labels", "Config.ExposedPorts"]

  /// What is left out, for the report.
  public static let leftOut =
    "values of environment variables and labels, commands and their arguments, contents of secrets and configs, "
    + "registry credentials, options of log drivers, volume drivers, security and devices"

  /// Selects what can be shown.
  ///
  /// - Parameter inspection: the engine's JSON.
  /// - Returns: the part of it; `Env` holds the variables' names.
  public static func selected(_ inspection: EngineValue) -> EngineValue {
    object(inspection, at: "")
  }

  private static func object(_ value: EngineValue, at path: String) -> EngineValue {
    guard case .object(let fields) = value else { return .null }
    let known = kept[path] ?? []
    return .object(
      fields.compactMap { field in
        let place = path.isEmpty ? field.key : "\(path).\(field.key)"
        if known.contains(field.key) { return .init(field.key, bounded(field.value)) }
        if place == "Config.Env" { return .init("Env", variables(field.value)) }
        if names.contains(place) { return .init(field.key, keys(field.value)) }
        if place == "NetworkSettings.Networks", case .object(let networks) = field.value {
          return .init(
            field.key,
            .object(
              networks.prefix(most).map {
                .init($0.key, object($0.value, at: "NetworkSettings.Networks.*"))
              }))
        }
        if place == "Mounts", case .list(let mounts) = field.value {
          return .init(
            field.key, .list(mounts.prefix(most).map { object($0, at: "Mounts[]") }))
        }
        guard
          ["State", "Config", "HostConfig", "HostConfig.LogConfig", "NetworkSettings"]
            .contains(place)
        else { return nil }
        return .init(field.key, object(field.value, at: place))
      })
  }

  /// How many entries of a list or object are passed on.
  private static let most = 200

  /// The names of `NAME=VALUE`.
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

  /// A value whose texts and lists aren't longer than anybody reads.
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
