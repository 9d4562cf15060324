import CLinux
import Glibc
import Linux
import Synchronization
import SystemPackage

/// Writes reports into a sandbox, by names in an open directory.
///
/// A task may have created any file there, so links aren't followed, and only an earlier report of
/// this program is replaced. If another file has the name, the report's name includes the task's
/// ID.
package final class ReportFiles: Sendable {
  /// Marks a file as created by this program.
  private static let mark = FileMark("user.compose-executor.report")
  /// The owners of the files that this process has written, by path, so that another task's report
  /// isn't replaced.
  private static let written = Mutex<[String: String]>([:])

  /// Why there is no report.
  package struct Failure: Error, CustomStringConvertible {
    /// The reason.
    package let description: String
    /// Whether this process isn't permitted to write the directory, which may belong to another
    /// user.
    package let isDenied: Bool
  }

  private let directory: Int32
  private let status: stat
  private let path: String

  /// Opens a sandbox.
  ///
  /// - Parameter path: its path.
  /// - Throws: `Failure`.
  package convenience init(sandbox path: String) throws(Failure) {
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path) }
    try self.init(descriptor: descriptor, path: path)
  }

  /// Uses an open directory.
  ///
  /// - Parameters:
  ///   - descriptor: the directory's descriptor, which is closed with this object.
  ///   - path: its path, used only to distinguish it from other directories.
  /// - Throws: `Failure`.
  package init(descriptor: Int32, path: String) throws(Failure) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let failure = Self.failure("the directory")
      close(descriptor)
      throw failure
    }
    directory = descriptor
    self.status = status
    self.path = path
  }

  deinit { close(directory) }

  private static func failure(_ what: String) -> Failure {
    let error = Errno(rawValue: errno)
    return Failure(
      description: "\(what) can't be written: \(error)",
      isDenied: [.permissionDenied, .notPermitted, .readOnlyFileSystem].contains(error))
  }

  /// Writes both files.
  ///
  /// - Parameter report: the report.
  /// - Returns: the names of the files.
  /// - Throws: `Failure`; an incomplete file is removed.
  package func write(_ report: SandboxReport) throws(Failure) -> [String] {
    [try write(report.json(), .json, of: report), try write(report.text(), .txt, of: report)]
  }

  /// The possible names of a task's document.
  ///
  /// - Parameter task: its ID.
  /// - Returns: the names, the preferred one first.
  package static func documents(of task: String) -> [String] { names(.json, of: task) }

  private static func names(_ form: ReportForm, of task: String) -> [String] {
    ["pod-report.\(form)", "pod-report.\(component(task)).\(form)"]
  }

  private func write(
    _ bytes: [UInt8], _ form: ReportForm, of report: SandboxReport
  ) throws(Failure) -> String {
    let owner = "\(report.run) \(report.task)"
    for name in Self.names(form, of: report.task) {
      let key = "\(path)/\(name)"
      // Tasks of one executor may complete at the same moment.
      let isOwn = Self.written.withLock { known in
        if let other = known[key], other != owner { return false }
        if known.count > 10_000 { known = [:] }
        known[key] = owner
        return true
      }
      guard isOwn, makeWay(for: name, form, report) else { continue }
      let file = linux_create_at(directory, name, 0o644)
      guard file >= 0 else {
        // Another process has just created a file of this name.
        if errno == EEXIST { continue }
        throw Self.failure(name)
      }
      defer { close(file) }
      // Independent of the process's umask.
      _ = fchmod(file, 0o644)
      if geteuid() == 0, status.st_uid != 0 { _ = fchown(file, status.st_uid, status.st_gid) }
      Self.mark.set(on: file, to: owner)
      guard put(bytes, into: file) else {
        let failure = Self.failure(name)
        if isNamed(name, file) { unlinkat(directory, name, 0) }
        throw failure
      }
      return name
    }
    throw Failure(
      description: "pod-report.\(form) exists already, and is not a report of this pod",
      isDenied: false)
  }

  /// A task's ID as part of a file name.
  private static func component(_ task: String) -> String {
    String(
      String.UnicodeScalarView(
        task.unicodeScalars.prefix(100).map { scalar in
          switch scalar {
          case "a"..."z", "A"..."Z", "0"..."9", "-", "_", ".": scalar
          default: "_"
          }
        }))
  }

  private func put(_ bytes: [UInt8], into file: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if count == 0 {
        errno = ENOSPC
        return false
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }

  /// Removes an earlier report of this task, or of another run that used this directory.
  ///
  /// - Returns: whether the name is free.
  private func makeWay(for name: String, _ form: ReportForm, _ report: SandboxReport) -> Bool {
    let location = linux_find_at(directory, name)
    guard location >= 0 else { return errno == ENOENT }
    defer { close(location) }
    var found = stat()
    guard fstat(location, &found) == 0, found.st_mode & S_IFMT == S_IFREG, found.st_nlink == 1
    else {
      return false
    }
    // Opened by the found file, since its name may change meanwhile; a device or a pipe isn't
    // opened.
    let file = Glibc.open("/proc/self/fd/\(location)", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    errno = 0
    let isOld =
      if let owner = Self.mark.value(of: file) {
        owner == "\(report.run) \(report.task)" || !owner.hasPrefix("\(report.run) ")
      } else {
        errno == EOPNOTSUPP && form.isReplaceable(Self.beginning(of: file), by: report)
      }
    guard isOld, isNamed(name, file) else { return false }
    return unlinkat(directory, name, 0) == 0
  }

  /// The first 64 KiB of a file, as text.
  private static func beginning(of file: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }

  /// Whether a name still refers to an open file.
  private func isNamed(_ name: String, _ file: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    return fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(file, &opened) == 0
      && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
  }
}
