import CLinux
import Glibc
import Linux
import SystemPackage

/// The directory of the services' files, held open.
final class LogDirectory {
  /// Marks files as created by this program, also for a later pod in the same directory.
  private static let mark = FileMark("user.compose-executor.log")

  private let descriptor: Int32
  /// The sandbox's owner: the task's user.
  private let owner: (user: uid_t, group: gid_t)
  /// Files that this process has created and not removed, on a file system without extended
  /// attributes.
  private var made: Set<UInt64> = []

  /// Opens the directory, and creates it if it is missing.
  ///
  /// - Parameters:
  ///   - sandbox: the path of the parent directory.
  ///   - name: the directory's name.
  /// - Throws: `Errno`: `notDirectory` for a link or another file of that name.
  init(sandbox: String, name: String) throws(Errno) {
    let outer = Glibc.open(sandbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard outer >= 0 else { throw Errno(rawValue: errno) }
    defer { close(outer) }
    var status = stat()
    guard fstat(outer, &status) == 0 else { throw Errno(rawValue: errno) }
    owner = (status.st_uid, status.st_gid)
    let isNew = mkdirat(outer, name, 0o755) == 0
    descriptor = linux_open_directory_at(outer, name)
    guard descriptor >= 0 else { throw Errno(rawValue: errno == ELOOP ? ENOTDIR : errno) }
    if isNew { give(descriptor) }
  }

  deinit { close(descriptor) }

  /// Gives a created file to the task's user, if this process is permitted to.
  private func give(_ file: Int32) {
    if geteuid() == 0, owner.user != 0 { _ = fchown(file, owner.user, owner.group) }
  }

  /// Opens a new file, or one that this program created before, for appending.
  ///
  /// - Parameter name: its name.
  /// - Returns: a descriptor, to be closed by the caller.
  /// - Throws: `Errno`; `LogFile.Refusal` for any other file of that name.
  func open(_ name: String) throws -> Int32 {
    let new = linux_create_at(descriptor, name, 0o644)
    if new >= 0 {
      give(new)
      var status = stat()
      if !Self.mark.set(on: new), fstat(new, &status) == 0 {
        made.insert(UInt64(status.st_ino))
      }
      return new
    }
    guard errno == EEXIST else { throw Errno(rawValue: errno) }
    let location = linux_find_at(descriptor, name)
    guard location >= 0 else { throw Errno(rawValue: errno) }
    defer { close(location) }
    // Opened by the found file, since its name may change meanwhile; a device or a pipe isn't
    // opened.
    guard isFile(location) else { throw LogFile.Refusal.isForeign }
    let old = Glibc.open("/proc/self/fd/\(location)", O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC)
    guard old >= 0 else { throw Errno(rawValue: errno) }
    guard isMade(old) else {
      close(old)
      throw LogFile.Refusal.isForeign
    }
    return old
  }

  /// Whether a descriptor refers to a regular file with one name.
  private func isFile(_ file: Int32) -> Bool {
    var status = stat()
    return fstat(file, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_nlink == 1
  }

  private func isMade(_ file: Int32) -> Bool {
    var status = stat()
    guard fstat(file, &status) == 0 else { return false }
    return made.contains(UInt64(status.st_ino)) || Self.mark.isOn(file)
  }

  /// Whether this program created the file of a name; nil if there is no such file.
  func hasMade(_ name: String) -> Bool? {
    let location = linux_find_at(descriptor, name)
    guard location >= 0 else { return errno == ENOENT ? nil : false }
    defer { close(location) }
    guard isFile(location) else { return false }
    let file = Glibc.open("/proc/self/fd/\(location)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    return isMade(file)
  }

  /// Whether a name still refers to an open file.
  func isNamed(_ name: String, _ file: Int32) -> Bool {
    var named = stat()
    var opened = stat()
    return fstatat(descriptor, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(file, &opened) == 0
      && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
  }

  /// Renames a file without replacing another: the new name is added first, then the old one is
  /// removed.
  ///
  /// - Throws: `Errno`: `fileExists` if the new name exists.
  func rename(_ name: String, to other: String) throws(Errno) {
    if linkat(descriptor, name, descriptor, other, 0) != 0 {
      let error = Errno(rawValue: errno)
      // The file system has no hard links. The new name did not exist a moment ago.
      guard error == .notPermitted || error == .notSupported, hasMade(other) == nil,
        renameat(descriptor, name, descriptor, other) == 0
      else { throw error }
      return
    }
    try remove(name)
  }

  /// Removes a name.
  ///
  /// - Throws: `Errno`.
  func remove(_ name: String) throws(Errno) {
    var status = stat()
    let isFound = fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    if isFound, status.st_nlink == 1 { made.remove(UInt64(status.st_ino)) }
    guard unlinkat(descriptor, name, 0) == 0 else { throw Errno(rawValue: errno) }
  }
}
