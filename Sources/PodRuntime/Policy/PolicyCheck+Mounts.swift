import Compose
import DockerEngine
import Linux
import YAML

extension PolicyCheck {
  /// A container's binds and mounts with the checked paths, in which links are resolved.
  ///
  /// - Parameter container: the container.
  /// - Returns: both lists; nil if it has neither.
  /// - Throws: `DiagnosticError` with the line of a path that the policy doesn't allow.
  func checkedMounts(
    of container: ContainerPlan
  ) throws(DiagnosticError) -> (binds: [String]?, mounts: [Mount]?)? {
    guard var host = container.create.hostConfig, host.binds != nil || host.mounts != nil else {
      return nil
    }
    let service = container.service
    for (index, bind) in (host.binds ?? []).enumerated() where bind.hasPrefix("/") {
      let source = String(bind.prefix { $0 != ":" })
      let modes = bind.split(separator: ":").last?.split(separator: ",") ?? []
      let real = try paths.check(
        source, at: position(of: source, in: service), isWritten: !modes.contains("ro"))
      // The short form can't contain a colon, which may occur in the real name of a link's target.
      if real.contains(":") {
        throw policy.refusal(
          "bind mount of \(source), which leads to a name with a colon,", nil,
          at: position(of: source, in: service))
      }
      host.binds?[index] = real + bind.dropFirst(source.count)
    }
    for (index, mount) in (host.mounts ?? []).enumerated() where mount.type == "bind" {
      let source = mount.source ?? ""
      host.mounts?[index].source = try paths.check(
        source, at: position(of: source, in: service), isWritten: mount.readOnly != true)
    }
    return (host.binds, host.mounts)
  }

  /// The position of a host path in a service.
  private func position(of path: String, in service: Service) -> SourcePosition {
    let mount = service.mounts.first { $0.source == .bind(path: path) }?.position
    let file = service.files.first { $0.source == .file(path: path) }?.position
    return mount ?? file ?? service.position
  }

  /// Refuses a mount that the policy doesn't allow.
  func checkMounts(
    _ key: HostConfig.CodingKeys, _ host: HostConfig, of container: ContainerPlan, own: Set<String>
  ) throws(DiagnosticError) {
    let service = container.service
    switch key {
    case .binds:
      for bind in host.binds ?? [] {
        try checkPlain(bind, "a mount", at: service.position)
        let parts = bind.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let position = service.mounts.first { $0.target == parts.dropFirst().first }?.position
        if bind.hasPrefix("/") {
          try checkUsed(parts[0], at: position ?? service.position)
        } else {
          try check(volume: parts[0], at: position ?? service.position)
        }
        for mode in parts.dropFirst(2).joined(separator: ",").split(separator: ",") {
          try check(mode: String(mode), of: parts[0], at: position ?? service.position)
        }
      }
    case .mounts:
      for mount in host.mounts ?? [] { try check(mount, of: service) }
    default:
      for entry in host.volumesFrom ?? [] {
        let id = String(entry.prefix { $0 != ":" })
        if own.contains(id) || policy.allows(.hostNamespaces) { continue }
        let requested = service.volumesFrom.first {
          if case .container(id) = $0.value.source { true } else { false }
        }
        throw policy.refusal(
          "volumes of container \(id)", .hostNamespaces, at: requested?.position ?? service.position
        )
      }
    }
  }

  /// Refuses a text that hides a delimiter.
  func checkPlain(_ text: String, _ what: String, at position: SourcePosition)
    throws(DiagnosticError)
  {
    if text.hidesDelimiter {
      throw policy.refusal("\(what) with a hidden delimiter", nil, at: position)
    }
  }

  /// The options of tmpfs(5) and mount(8) that affect only the mount itself.
  private static let harmlessTmpfsOptions: Set<String> = [
    "ro", "rw", "exec", "noexec", "nosuid", "nodev", "noatime", "nodiratime", "relatime",
    "strictatime",
    "sync", "async", "dirsync", "mand", "nomand",
  ]
  private static let harmlessTmpfsKeys: Set<String> = [
    "size", "mode", "uid", "gid", "nr_inodes", "nr_blocks",
  ]

  /// Refuses options of a tmpfs with other effects, such as a remount.
  func checkTmpfs(_ options: String, at position: SourcePosition) throws(DiagnosticError) {
    try checkPlain(options, "tmpfs", at: position)
    for option in options.split(separator: ",") {
      let key = String(option.prefix { $0 != "=" })
      let isHarmless =
        option.contains("=")
        ? Self.harmlessTmpfsKeys.contains(key) : Self.harmlessTmpfsOptions.contains(key)
      if isHarmless || policy.allows(.privileged) { continue }
      throw policy.refusal("tmpfs option \(option)", .privileged, at: position)
    }
  }

  /// Refuses a tmpfs in place of one of the engine's own mounts, or of another mount.
  func checkTmpfs(
    _ mounts: [String: String], _ host: HostConfig, of service: Service
  ) throws(DiagnosticError) {
    let binds = (host.binds ?? []).compactMap { bind in
      bind.split(separator: ":").dropFirst().first.map { String($0).cleanPath }
    }
    let others = binds + (host.mounts ?? []).map(\.target.cleanPath)
    for (target, options) in mounts.sorted(by: { $0.key < $1.key }) {
      let position =
        service.mounts.first { $0.target == target }?.position ?? service.position
      try checkPlain(target, "tmpfs", at: position)
      try checkTmpfs(options, at: position)
      let clean = target.cleanPath
      let isKernels = ["/proc", "/sys"].contains { RealPath.isPath(clean, atOrBelow: $0) }
      if isKernels || others.contains(clean), !policy.allows(.privileged) {
        throw policy.refusal("a tmpfs at \(target)", .privileged, at: position)
      }
    }
  }

  /// Refuses a path whose target has changed since it was checked.
  private func checkUsed(_ path: String, at position: SourcePosition) throws(DiagnosticError) {
    let real = try paths.check(path, at: position)
    if real.utf8.elementsEqual(path.utf8) { return }
    throw DiagnosticError(
      "bind mount of \(path): it leads to \(real), but led to another directory when it was checked",
      at: position)
  }

  private func check(
    mode: String, of source: String, at position: SourcePosition
  ) throws(DiagnosticError) {
    switch mode {
    case "ro", "rw", "nocopy", "private", "rprivate", "slave", "rslave": return
    // Relabels the host's files for this container alone, or for all containers.
    case "z", "Z":
      if !source.hasPrefix("/") || paths.isInSandbox(source) || policy.allows(.privileged) {
        return
      }
      throw policy.refusal("relabeling \(source) (\(mode))", .privileged, at: position)
    // Mounts inside the container would appear on the host.
    case "shared", "rshared":
      if policy.allows(.privileged) { return }
      throw policy.refusal("propagation \(mode)", .privileged, at: position)
    default: throw policy.refusal("the mode \(mode) of a mount", nil, at: position)
    }
  }

  private func check(volume name: String, at position: SourcePosition) throws(DiagnosticError) {
    if ownVolumes.contains(name) || policy.allows(.volumes, name) { return }
    throw policy.refusal("volume \(name)", .volumes, name, at: position)
  }

  private func check(_ mount: Mount, of service: Service) throws(DiagnosticError) {
    let entry = service.mounts.first { $0.target == mount.target }?.position
    let file = service.files.first { $0.target == mount.target }?.position
    let position = entry ?? file ?? service.position
    for text in [mount.source ?? "", mount.target] { try checkPlain(text, "a mount", at: position) }
    for key in Mount.CodingKeys.allCases {
      switch key {
      case .target, .readOnly, .consistency: break
      case .type:
        if !["bind", "volume", "tmpfs", "image"].contains(mount.type) {
          throw policy.refusal("a mount of type \(mount.type)", nil, at: position)
        }
      case .source:
        switch mount.type {
        case "bind": try checkUsed(mount.source ?? "", at: position)
        // A volume without a name is a new one.
        case "volume":
          if let name = mount.source, !name.isEmpty { try check(volume: name, at: position) }
        case "image":
          try policy.check(pulled: Located(mount.source ?? "", at: position))
        default: break
        }
      case .bindOptions: try check(mount.bindOptions, of: mount.source ?? "", at: position)
      case .volumeOptions:
        for key in Mount.VolumeOptions.CodingKeys.allCases {
          switch key {
          case .noCopy, .labels, .subpath: break
          case .driverConfig:
            if mount.volumeOptions?.driverConfig == nil { continue }
            throw policy.refusal("a mount's driver", .volumeDrivers, at: position)
          }
        }
      case .tmpfsOptions, .imageOptions: break
      }
    }
  }

  private func check(
    _ options: Mount.BindOptions?, of source: String, at position: SourcePosition
  ) throws(DiagnosticError) {
    guard let options else { return }
    for key in Mount.BindOptions.CodingKeys.allCases {
      switch key {
      case .propagation:
        if let word = options.propagation, !word.isEmpty {
          try check(mode: word, of: source, at: position)
        }
      case .nonRecursive, .createMountpoint, .readOnlyNonRecursive, .readOnlyForceRecursive: break
      }
    }
  }
}
