import Compose
import DockerEngine
import Linux
import YAML

extension Pod {
  /// Replaces the sources of bind mounts by paths at which the engine finds the same files. A mount
  /// in the sandbox that only the executor sees, such as a persistent volume, has another path for
  /// the engine.
  ///
  /// - Parameters:
  ///   - body: the request, after its checks.
  ///   - container: the container of the request.
  /// - Returns: the request.
  /// - Throws: `DiagnosticError` with the line of a mount that the engine can't find.
  func foundByEngine(
    _ body: ContainerCreate, of container: ContainerPlan
  ) throws(DiagnosticError) -> ContainerCreate {
    guard let host = body.hostConfig, host.binds != nil || host.mounts != nil,
      let mounts = sandboxMounts
    else { return body }
    var body = body
    var more: [Mount] = []
    func position(of target: String) -> SourcePosition {
      let entry = container.service.mounts.first { $0.target == target }?.position
      let file = container.service.files.first { $0.target == target }?.position
      return entry ?? file ?? container.service.position
    }
    func below(_ path: String, _ target: String, readOnly: Bool) throws(DiagnosticError) {
      for (inner, location) in mounts.hidden(below: path) {
        let own = target.cleanPath == "/" ? inner : target.cleanPath + inner
        guard !container.service.mountTargets.contains(where: { $0.cleanPath == own }) else {
          continue
        }
        let (source, isReadOnly) = try self.source(
          of: path + inner, location, readOnly: readOnly, at: position(of: target))
        more.append(Mount(type: "bind", source: source, target: own, readOnly: isReadOnly))
      }
    }
    var binds: [String] = []
    for bind in host.binds ?? [] {
      guard bind.hasPrefix("/") else {
        binds.append(bind)
        continue
      }
      let parts = bind.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      let (path, target) = (parts[0], parts.count > 1 ? parts[1] : "")
      let asksReadOnly =
        parts.count > 2 && parts[2].split(separator: ",").contains("ro")
      let (source, isReadOnly) = try self.source(
        of: path, mounts.location(of: path), readOnly: asksReadOnly, at: position(of: target))
      // The short form can't contain a colon; the long form has a field for read-only.
      if source.contains(":") || isReadOnly != asksReadOnly {
        more.append(Mount(type: "bind", source: source, target: target, readOnly: isReadOnly))
      } else {
        binds.append(source + bind.dropFirst(path.count))
      }
      try below(path, target, readOnly: isReadOnly)
    }
    var list = host.mounts ?? []
    for (index, mount) in list.enumerated() where mount.type == "bind" {
      let path = mount.source ?? ""
      let (source, isReadOnly) = try self.source(
        of: path, mounts.location(of: path), readOnly: mount.readOnly == true,
        at: position(of: mount.target))
      list[index].source = source
      if isReadOnly { list[index].readOnly = true }
      if mount.bindOptions?.nonRecursive == true { continue }
      try below(path, mount.target, readOnly: mount.readOnly == true)
    }
    list += more
    body.hostConfig?.binds = binds.isEmpty ? nil : binds
    body.hostConfig?.mounts = list.isEmpty ? nil : list
    return body
  }

  /// Replaces the source of a volume that binds a directory, as above.
  func foundByEngine(_ volume: VolumeCreate) throws(DiagnosticError) -> VolumeCreate {
    let words = (volume.driverOpts?["o"] ?? "").split(separator: ",")
    guard words.contains("bind") || words.contains("rbind"),
      let device = volume.driverOpts?["device"], device.hasPrefix("/"), let mounts = sandboxMounts
    else { return volume }
    let source = plan?.volumeSources[volume.name ?? ""]
    let start = SourcePosition(file: request.project.files.first ?? "-", line: 1, column: 1)
    var volume = volume
    let position = source?.position ?? start
    let asksReadOnly = words.contains("ro")
    let (path, isReadOnly) = try self.source(
      of: device, mounts.location(of: device), readOnly: asksReadOnly, at: position)
    volume.driverOpts?["device"] = path
    if isReadOnly != asksReadOnly { volume.driverOpts?["o"]? += ",ro" }
    if words.contains("rbind"), let (inner, _) = mounts.hidden(below: device).first {
      throw Self.hiddenMount(device + inner, at: position)
    }
    return volume
  }

  private var sandboxMounts: SandboxMounts? {
    guard let socket = engine.endpoint.socketPath else { return nil }
    return SandboxMounts.current(
      sandbox: request.sandbox ?? request.project.workingDirectory, socket: socket)
  }

  /// The path at which the engine finds a path, and whether it is read-only there.
  private func source(
    of path: String, _ location: SandboxMounts.Location, readOnly: Bool, at position: SourcePosition
  ) throws(DiagnosticError) -> (path: String, isReadOnly: Bool) {
    switch location {
    case .same: return (path, readOnly)
    case .at(let other, let mount):
      let isReadOnly = readOnly || mount.isReadOnly
      // Other mounts of the agent for a task, such as a host path from the framework, need the
      // operator's permission like any other path.
      let sandbox = RealPath.of(request.sandbox ?? request.project.workingDirectory)
      let isPersistent = request.persistentVolumes.contains {
        RealPath.of(sandbox + "/" + $0) == mount.point
      }
      if request.policy.isRestricted, !isPersistent {
        let paths = PolicyPaths(
          policy: request.policy, sandbox: sandbox, socket: engine.endpoint.socketPath)
        try paths.check(other, at: position, isWritten: !isReadOnly)
      }
      return (other, isReadOnly)
    case .hidden: throw Self.hiddenMount(path, at: position)
    }
  }

  private static func hiddenMount(_ path: String, at position: SourcePosition) -> DiagnosticError {
    DiagnosticError(
      "bind mount of \(path): a mount there, such as a persistent volume, isn't visible to the engine: "
        + "run the executor as root, or the agent with the isolator filesystem/posix",
      at: position)
  }
}
