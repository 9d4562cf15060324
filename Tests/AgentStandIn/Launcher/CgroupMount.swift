import Foundation

/// The hierarchies that this machine has mounted, read from /proc/self/mountinfo.
struct CgroupMount: Sendable {
  /// Where it is mounted.
  let path: String
  /// v1: its controllers, or `name=…`; empty for v2.
  let controllers: Set<String>
  /// Whether it is the v2 hierarchy.
  let isVersion2: Bool

  static func all() -> [CgroupMount] {
    let text = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let halves = line.split(separator: " - ", maxSplits: 1)
      let mount = halves[0].split(separator: " ")
      guard halves.count == 2, mount.count > 4, mount[3] == "/" else { return nil }
      let source = halves[1].split(separator: " ")
      guard source.count > 2, source[0] == "cgroup" || source[0] == "cgroup2" else { return nil }
      let isVersion2 = source[0] == "cgroup2"
      return CgroupMount(
        path: String(mount[4]),
        controllers: isVersion2 ? [] : Set(source[2].split(separator: ",").map(String.init)),
        isVersion2: isVersion2)
    }
  }
}

/// A file or folder of a cgroup that could not be used.
public struct CgroupError: Error, CustomStringConvertible, Sendable {
  /// What was being done.
  public let what: String
  /// The `errno` of it.
  public let code: Int32

  /// What was being done, and what the system says.
  public var description: String { "\(what): \(String(cString: strerror(code)))" }
}

/// One cgroup's folder.
struct CgroupFolder: Sendable {
  let path: String

  var exists: Bool { access(path, F_OK) == 0 }

  func make() throws(CgroupError) {
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw CgroupError(what: "make \(path)", code: errno)
    }
  }

  func write(_ file: String, _ text: String) throws(CgroupError) {
    let number = open("\(path)/\(file)", O_WRONLY | O_CLOEXEC)
    guard number >= 0 else { throw CgroupError(what: "open \(path)/\(file)", code: errno) }
    defer { close(number) }
    guard Glibc.write(number, text, text.utf8.count) >= 0 else {
      throw CgroupError(what: "write \(text) to \(path)/\(file)", code: errno)
    }
  }

  func read(_ file: String) -> String? {
    try? String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
  }

  var processes: [pid_t] {
    (read("cgroup.procs") ?? "").split(separator: "\n").compactMap { pid_t($0) }
  }

  /// This folder and all below it, the deepest first.
  var fromBelow: [CgroupFolder] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let below = names.sorted().map { CgroupFolder(path: "\(path)/\($0)") }.filter(\.isFolder)
    return below.flatMap(\.fromBelow) + [self]
  }

  private var isFolder: Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  /// Removes this folder and those below it, which must not hold processes.
  func removeFromBelow() -> Bool {
    for folder in fromBelow where rmdir(folder.path) != 0 && errno != ENOENT { return false }
    return !exists
  }
}
