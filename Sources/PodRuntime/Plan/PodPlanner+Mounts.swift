import Compose
import DockerEngine
import Linux
import OrderedCollections

extension PodPlanner {
  /// Plans a service's mounts. Docker's short form (`Binds`) is used where Compose uses it,
  /// `Mounts` for all others.
  func mount(
    _ service: Service, in host: inout HostConfig
  ) {
    var binds: [String] = []
    var mounts: [Mount] = []
    for entry in service.mounts {
      switch entry.source {
      case .bind(let path) where entry.isPlainBind && !path.contains(":"):
        binds.append("\(path):\(entry.target):\(modes(of: entry, label: label(of: path)))")
      case .volume(let key) where entry.isPlainVolume:
        binds.append("\(volumeNames[key] ?? key):\(entry.target):\(modes(of: entry))")
      case .shortTmpfs(let options):
        host.tmpfs = (host.tmpfs ?? [:]).merging([entry.target: options]) { _, new in new }
      default:
        mounts.append(mount(entry))
      }
    }
    let taken = Set(service.mounts.map(\.target))
    for file in service.files where !taken.contains(file.target) {
      guard case .file(let path) = file.source else { continue }
      // Only the short form supports SELinux labels.
      if let label = label(of: path), !path.contains(":"), !file.target.contains(":") {
        binds.append("\(path):\(file.target):ro,\(label)")
        continue
      }
      var mount = Mount(type: "bind", source: path, target: file.target)
      mount.readOnly = true
      mounts.append(mount)
    }
    host.binds = binds.isEmpty ? nil : binds
    host.mounts = mounts.isEmpty ? nil : mounts
  }

  /// Warnings about options of mounted files that a mount doesn't support.
  func warnings(of service: Service) -> [String] {
    service.files.compactMap { file in
      guard case .file = file.source, file.uid != nil || file.gid != nil || file.mode != nil else {
        return nil
      }
      return
        "\(file.position): uid, gid and mode of the \(file.kind.rawValue) `\(file.name)` have no effect: "
        + "its file is mounted as it is"
    }
  }

  private func mount(_ entry: ServiceMount) -> Mount {
    var mount = Mount(type: "volume", target: entry.target)
    mount.readOnly = entry.readOnly ? true : nil
    mount.consistency = entry.consistency
    switch entry.source {
    case .bind(let path):
      mount.type = "bind"
      mount.source = path
      mount.bindOptions = Mount.BindOptions(
        propagation: entry.propagation,
        nonRecursive: entry.recursion == "disabled" ? true : nil,
        createMountpoint: entry.createHostPath ? true : nil,
        readOnlyNonRecursive: entry.recursion == "writable" ? true : nil,
        readOnlyForceRecursive: entry.recursion == "readonly" ? true : nil)
    case .volume, .anonymous:
      if case .volume(let key) = entry.source { mount.source = volumeNames[key] ?? key }
      if !entry.isPlainVolume {
        mount.volumeOptions = Mount.VolumeOptions(
          noCopy: entry.noCopy ? true : nil,
          labels: entry.labels.isEmpty ? nil : Dictionary(entry.labels), subpath: entry.subpath)
      }
    case .tmpfs(let size, let mode):
      mount.type = "tmpfs"
      if size != nil || mode != nil {
        mount.tmpfsOptions = Mount.TmpfsOptions(
          sizeBytes: size.map { Int($0.bytes) }, mode: mode.map(Int.init))
      }
    case .image(let name, let subpath):
      mount.type = "image"
      mount.source = name
      mount.imageOptions = subpath.map { Mount.ImageOptions(subpath: $0) }
    case .shortTmpfs: break
    }
    return mount
  }

  /// The operator's SELinux label for mounts from the sandbox; nil for other paths, which other
  /// programs may need unchanged.
  private func label(of path: String) -> String? {
    guard let label = request.defaults.selinuxLabel else { return nil }
    let sandbox = RealPath.of(request.sandbox ?? request.project.workingDirectory)
    let real = RealPath.of(path)
    return real == sandbox || real.hasPrefix(sandbox + "/") ? label : nil
  }

  private func modes(of mount: ServiceMount, label: String? = nil) -> String {
    var words = [mount.readOnly ? "ro" : "rw"]
    if let selinux = mount.selinux ?? label { words.append(selinux) }
    if let propagation = mount.propagation { words.append(propagation) }
    if mount.noCopy { words.append("nocopy") }
    // Compose drops these hints for Docker Desktop. The engine may refuse other unknown modes.
    words += mount.otherModes.filter { !["cached", "delegated", "consistent"].contains($0) }
    return words.joined(separator: ",")
  }
}

extension ServiceMount {
  /// Whether Docker's short form can express the mount. Only the short form supports SELinux
  /// labels.
  fileprivate var isPlainBind: Bool {
    createHostPath && (selinux != nil || propagation == nil) && recursion == nil
  }

  /// Whether Docker's short form can express the mount of a named volume.
  fileprivate var isPlainVolume: Bool {
    labels.isEmpty && subpath == nil && (!noCopy || !otherModes.isEmpty)
  }
}
