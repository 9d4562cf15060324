import CLinux
import Cgroups
import Glibc
import Linux
import PodIdentity
import PodRuntime
import YAML

/// Probes the kernel and file systems without changing anything.
enum HostProbes {
  static func kernel() -> HostChecks.Kernel {
    var names = utsname()
    uname(&names)
    let release = withUnsafeBytes(of: &names.release) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let descriptor = linux_pidfd_open(getpid())
    if descriptor >= 0 { close(descriptor) }
    return HostChecks.Kernel(release: release, hasPidfd: descriptor >= 0)
  }

  static func boot() -> HostChecks.Boot {
    HostChecks.Boot(
      bootID: Incarnation.current().bootID, machineID: HostIdentity.current().machineID,
      clock: Int64(time(nil)))
  }

  /// The mounted hierarchies; nil where /proc can't be read.
  static func groups() -> HostChecks.Groups? {
    guard let hierarchies = try? CgroupMounts.current().hierarchies else { return nil }
    var groups = HostChecks.Groups(versions: [], controllers: [], unifiedHasControllers: false)
    for hierarchy in hierarchies {
      if hierarchy.version == .v1 {
        let controllers = hierarchy.controllers.filter { !$0.hasPrefix("name=") }
        // The hierarchy of systemd in version 1 has no controllers.
        if !controllers.isEmpty { groups.versions.insert("1") }
        groups.controllers.formUnion(controllers)
      } else {
        groups.versions.insert("2")
        let text = TextFile.line(hierarchy.mountPoint + "/cgroup.controllers") ?? ""
        let controllers = text.split(separator: " ").map(String.init)
        groups.unifiedHasControllers = !controllers.isEmpty
        groups.controllers.formUnion(controllers)
      }
    }
    return groups
  }

  /// Probes a file system.
  ///
  /// - Parameter path: a directory.
  /// - Returns: the sizes of its file system; nil where the directory does not exist.
  static func disk(_ path: String) -> HostChecks.Disk? {
    var system = statvfs()
    guard statvfs(path, &system) == 0 else { return nil }
    return HostChecks.Disk(
      blockSize: UInt64(system.f_frsize), blocks: UInt64(system.f_blocks),
      freeBlocks: UInt64(system.f_bavail), inodes: UInt64(system.f_files),
      freeInodes: UInt64(system.f_favail))
  }

  /// ST_NOEXEC of statvfs(3), which glibc's header defines only for GNU programs.
  private static let noExec = 8

  static func location(_ path: String) -> HostChecks.Location {
    var status = stat()
    guard stat(path, &status) == 0 else { return .missing }
    guard status.st_mode & S_IFMT == S_IFDIR else { return .noDirectory }
    var system = statvfs()
    let flags = statvfs(path, &system) == 0 ? system.f_flag : 0
    func has(_ flag: Int) -> Bool { flags & UInt(flag) != 0 }
    return .directory(
      owner: status.st_uid, mode: status.st_mode, isReadOnly: has(Int(ST_RDONLY)),
      noExec: has(Self.noExec), noSetuid: has(Int(ST_NOSUID)))
  }

  static func file(_ path: String) -> HostChecks.File {
    var file = HostChecks.File()
    var status = stat()
    if stat(path, &status) == 0 { file.status = (status.st_uid, status.st_mode) }
    do {
      file.isRestricted = try OperatorConfiguration(path: path).policy.isRestricted
    } catch {
      file.fault = "\(error)"
    }
    return file
  }
}
