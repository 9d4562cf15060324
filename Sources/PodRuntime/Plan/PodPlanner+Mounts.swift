import Compose
import DockerEngine

extension PodPlanner {
  /// Works out a service's mounts: what Docker's short form can say becomes a bind, the rest a mount.
  func mount(
    _ service: Service, in body: inout ContainerCreate, _ host: inout HostConfig
  ) throws(ComposeError) {
    var binds: [String] = []
    var mounts: [Mount] = []
    for entry in service.mounts {
      switch entry.source {
      case .bind(let path):
        if entry.createHostPath, !path.contains(":") {
          binds.append("\(path):\(entry.target):\(modes(of: entry))")
        } else {
          var mount = Mount(type: "bind", source: path, target: entry.target)
          mount.readOnly = entry.readOnly ? true : nil
          mount.bindOptions = entry.propagation.map { Mount.BindOptions(propagation: $0) }
          mounts.append(mount)
        }
      case .volume(let key):
        let name = volumeNames[key] ?? key
        if entry.subpath == nil {
          binds.append("\(name):\(entry.target):\(modes(of: entry))")
        } else {
          var mount = Mount(type: "volume", source: name, target: entry.target)
          mount.readOnly = entry.readOnly ? true : nil
          mount.volumeOptions = Mount.VolumeOptions(
            noCopy: entry.noCopy ? true : nil, subpath: entry.subpath)
          mounts.append(mount)
        }
      case .anonymous:
        if entry.readOnly || entry.noCopy {
          var mount = Mount(type: "volume", target: entry.target)
          mount.readOnly = entry.readOnly ? true : nil
          mount.volumeOptions = entry.noCopy ? Mount.VolumeOptions(noCopy: true) : nil
          mounts.append(mount)
        } else {
          body.volumes = KeySet((body.volumes?.keys ?? []).union([entry.target]))
        }
      case .tmpfs(let size, let mode):
        var mount = Mount(type: "tmpfs", target: entry.target)
        mount.readOnly = entry.readOnly ? true : nil
        if size != nil || mode != nil {
          mount.tmpfsOptions = Mount.TmpfsOptions(
            sizeBytes: size.map(Int.init), mode: mode.map(Int.init))
        }
        mounts.append(mount)
      case .shortTmpfs(let options):
        host.tmpfs = (host.tmpfs ?? [:]).merging([entry.target: options]) { _, new in new }
      }
    }
    host.binds = binds.isEmpty ? nil : binds
    host.mounts = mounts.isEmpty ? nil : mounts
  }

  private func modes(of mount: ServiceMount) -> String {
    var words = [mount.readOnly ? "ro" : "rw"]
    if let selinux = mount.selinux { words.append(selinux) }
    if let propagation = mount.propagation { words.append(propagation) }
    if mount.noCopy { words.append("nocopy") }
    words += mount.otherModes
    return words.joined(separator: ",")
  }
}
