import Compose
import DockerEngine
import YAML

extension Pod {
  /// A create request whose bind mounts lead the engine to what this process sees: what is mounted in the sandbox for the
  /// executor alone, such as a persistent volume, is mounted from where the engine has it.
  ///
  /// - Parameters:
  ///   - body: the request, as it was checked.
  ///   - container: what it is of.
  /// - Returns: the request.
  /// - Throws: `ComposeError` with the line of a mount that the engine can't find.
  func foundByEngine(
    _ body: ContainerCreate, of container: ContainerPlan
  ) throws(ComposeError) -> ContainerCreate {
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
    func below(_ path: String, _ target: String, readOnly: Bool) throws(ComposeError) {
      for (inner, place) in mounts.hidden(below: path) {
        let own = target.cleanPath == "/" ? inner : target.cleanPath + inner
        guard !container.service.mountTargets.contains(where: { $0.cleanPath == own }) else {
          continue
        }
        let source = try Self.source(of: path + inner, place, at: position(of: target))
        more.append(Mount(type: "bind", source: source, target: own, readOnly: readOnly))
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
      let isReadOnly =
        parts.count > 2 && parts[2].split(separator: ",").contains("ro")
      let source = try Self.source(of: path, mounts.place(of: path), at: position(of: target))
      // The short form has no way to write a colon.
      if source.contains(":") {
        more.append(Mount(type: "bind", source: source, target: target, readOnly: isReadOnly))
      } else {
        binds.append(source + bind.dropFirst(path.count))
      }
      try below(path, target, readOnly: isReadOnly)
    }
    var list = host.mounts ?? []
    for (index, mount) in list.enumerated() where mount.type == "bind" {
      let path = mount.source ?? ""
      list[index].source = try Self.source(
        of: path, mounts.place(of: path), at: position(of: mount.target))
      if mount.bindOptions?.nonRecursive == true { continue }
      try below(path, mount.target, readOnly: mount.readOnly == true)
    }
    list += more
    body.hostConfig?.binds = binds.isEmpty ? nil : binds
    body.hostConfig?.mounts = list.isEmpty ? nil : list
    return body
  }

  /// The same of a volume that binds a directory.
  func foundByEngine(_ volume: VolumeCreate) throws(ComposeError) -> VolumeCreate {
    let words = (volume.driverOpts?["o"] ?? "").split(separator: ",")
    guard words.contains("bind") || words.contains("rbind"),
      let device = volume.driverOpts?["device"], device.hasPrefix("/"), let mounts = sandboxMounts
    else { return volume }
    let source = plan?.volumeSources[volume.name ?? ""]
    let start = SourcePosition(file: request.project.files.first ?? "-", line: 1, column: 1)
    var volume = volume
    volume.driverOpts?["device"] = try Self.source(
      of: device, mounts.place(of: device), at: source?.position ?? start)
    return volume
  }

  private var sandboxMounts: SandboxMounts? {
    guard let socket = engine.endpoint.socketPath else { return nil }
    return SandboxMounts.current(
      sandbox: request.sandbox ?? request.project.workingDirectory, socket: socket)
  }

  private static func source(
    of path: String, _ place: SandboxMounts.Place, at position: SourcePosition
  ) throws(ComposeError) -> String {
    switch place {
    case .same: return path
    case .at(let other): return other
    case .hidden:
      throw ComposeError(
        "bind mount of \(path): something is mounted there that the engine doesn't see, such as a persistent volume: "
          + "run the executor as root, or the agent with the isolator filesystem/posix",
        at: position)
    }
  }
}
