import Compose
import DockerEngine
import Glibc
import Linux
import PodIdentity
import PodObjects
import SystemPackage
import YAML

/// The private mounts in place of a pod's bind mounts. Docker resolves a path at each start of a
/// container, and a tenant may have replaced it by a link in the meantime.
struct PodPins: Sendable {
  private let mounts: PinnedMounts
  private let run: String
  /// The names of the mounts by pinned path.
  private var names: [[UInt8]: String] = [:]

  /// Creates the pins of a pod.
  ///
  /// - Parameters:
  ///   - identity: the pod's identity.
  ///   - process: the engine's process, which resolves the paths.
  init(_ identity: PodIdentity, process: Int32) {
    mounts = PinnedMounts(directory: AbandonedPins.directory(of: identity), process: process)
    run = identity.run
  }

  /// Pins a path once for all containers of the pod.
  ///
  /// - Parameters:
  ///   - path: an absolute path without links.
  ///   - makes: whether missing directories are created.
  /// - Returns: the path to mount instead.
  /// - Throws: `Errno`.
  mutating func pin(_ path: String, makes: Bool) throws(Errno) -> String {
    // Compared as bytes: two encodings of a character are two names to the kernel.
    let key = Array(path.utf8)
    if let name = names[key] { return "\(mounts.directory)/\(name)" }
    let name = String(names.count)
    let pinned = try mounts.pin(path, as: name, makes: makes)
    names[key] = name
    return pinned
  }

  /// Removes all pins.
  ///
  /// - Returns: descriptions of the mounts that could not be removed.
  mutating func release() -> [String] {
    var left: [String] = []
    for (path, name) in names {
      do {
        try mounts.unpin(name)
        names[path] = nil
      } catch {
        left.append("mount \(mounts.directory)/\(name) (\(error))")
      }
    }
    return left
  }
}

extension Pod {
  /// Pins the bind mounts of a request, so that Docker mounts the files that the policy has checked
  /// even if the path changes.
  ///
  /// - Parameters:
  ///   - body: the request, with the checked paths.
  ///   - container: the container of the request.
  /// - Returns: the request; unchanged if the policy does not restrict paths, or if mounts can't be
  ///   created.
  /// - Throws: `DiagnosticError` with the line of a path whose target has changed; `EngineError`.
  func pinned(
    _ body: ContainerCreate, of container: ContainerPlan
  ) throws -> ContainerCreate {
    let host = body.hostConfig
    guard request.policy[.bindMounts] != .everything, host?.binds != nil || host?.mounts != nil,
      try makePins()
    else { return body }
    var body = body
    let mounts = container.service.mounts
    for (index, bind) in (body.hostConfig?.binds ?? []).enumerated() where bind.hasPrefix("/") {
      let path = String(bind.prefix { $0 != ":" })
      let target = bind.dropFirst(path.count + 1).prefix { $0 != ":" }
      let position = mounts.first { $0.target == target }?.position
      body.hostConfig?.binds?[index] =
        try pin(path, makes: true, at: position ?? container.service.position)
        + bind.dropFirst(path.count)
    }
    for (index, mount) in (body.hostConfig?.mounts ?? []).enumerated() where mount.type == "bind" {
      let entry = mounts.first { $0.target == mount.target }?.position
      let file = container.service.files.first { $0.target == mount.target }?.position
      body.hostConfig?.mounts?[index].source = try pin(
        mount.source ?? "", makes: mount.bindOptions?.createMountpoint == true,
        at: entry ?? file ?? container.service.position)
    }
    return body
  }

  /// Pins the directory of a volume's request. The request is unchanged if it has no directory, or
  /// if the volume outlives the pod.
  ///
  /// - Parameter volume: the request, with the checked path.
  /// - Returns: the request.
  /// - Throws: `DiagnosticError` with the volume's line; `EngineError`.
  func pinned(_ volume: VolumeCreate) throws -> VolumeCreate {
    let words = (volume.driverOpts?["o"] ?? "").split(separator: ",")
    guard request.policy[.bindMounts] != .everything, !request.options.keepsVolumes,
      words.contains("bind") || words.contains("rbind"),
      let device = volume.driverOpts?["device"], device.hasPrefix("/"), try makePins()
    else { return volume }
    let source = plan?.volumeSources[volume.name ?? ""]
    let start = SourcePosition(file: request.project.files.first ?? "-", line: 1, column: 1)
    var volume = volume
    volume.driverOpts?["device"] = try pin(device, makes: false, at: source?.position ?? start)
    return volume
  }

  /// Whether the pod's paths can be pinned.
  private func makePins() throws -> Bool {
    if pins != nil { return true }
    // If the engine's process isn't visible, its mount namespace isn't visible either.
    guard geteuid() == 0, let plan, let socket = engine.endpoint.socketPath else { return false }
    guard let process = UnixSocket.listener(socket) else {
      throw EngineError(kind: .unreachable, message: "no process listens on \(socket)")
    }
    if process == 0 { return false }
    _ = AbandonedPins.release(engine: socket)
    pins = PodPins(plan.identity, process: process)
    return true
  }

  private func pin(
    _ path: String, makes: Bool, at position: SourcePosition
  ) throws(DiagnosticError) -> String {
    do throws(Errno) {
      return try pins?.pin(path, makes: makes) ?? path
    } catch .noSuchFileOrDirectory {
      throw DiagnosticError(
        "bind mount of \(path): there is no such file or directory", at: position)
    } catch .tooManySymbolicLinkLevels {
      throw DiagnosticError(
        "bind mount of \(path): it has become a link since it was checked",
        at: position)
    } catch {
      throw DiagnosticError("bind mount of \(path) can't be pinned: \(error)", at: position)
    }
  }
}
