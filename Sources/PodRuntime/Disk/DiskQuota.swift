import DockerEngine
import Linux
import PodIdentity

/// Whether an engine can limit what a container writes: overlay2 on xfs, mounted with project
/// quotas.
enum DiskQuota {
  /// - Parameters:
  ///   - info: the engine's information.
  ///   - socket: its socket; nil for an engine over a network, whose mounts can't be read.
  /// - Returns: whether containers can be created with a size.
  static func isThere(_ info: EngineInfo, socket: String?) -> Bool {
    guard info.storageDriver == "overlay2", info.backingFilesystem == "xfs", let socket,
      let process = UnixSocket.listener(socket), process > 0,
      let mounts = try? TextFile.text("/proc/\(process)/mountinfo")
    else { return false }
    return hasProjectQuota(info.dockerRootDir, mountinfo: mounts)
  }

  /// Whether a path is on a file system with project quotas (proc(5), `mountinfo`: super block
  /// options).
  static func hasProjectQuota(_ path: String, mountinfo: String) -> Bool {
    var found: (length: Int, has: Bool) = (-1, false)
    for line in mountinfo.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 4, let dash = fields.firstIndex(of: "-"), fields.count > dash + 3 else {
        continue
      }
      let point = String(fields[4])
      // Later mounts hide earlier ones.
      guard RealPath.isPath(path, atOrBelow: point), point.count >= found.length else { continue }
      let options = fields[dash + 3].split(separator: ",")
      found = (point.count, options.contains { $0 == "prjquota" || $0 == "pquota" })
    }
    return found.has
  }
}
