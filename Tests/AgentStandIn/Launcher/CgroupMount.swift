import Foundation

/// A mounted cgroup hierarchy of this machine, from /proc/self/mountinfo.
struct CgroupMount: Sendable {
  /// The mount point.
  let path: String
  /// v1: the controllers, or `name=…`. Empty for v2.
  let controllers: Set<String>
  /// Whether this is the v2 hierarchy.
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

/// A failed operation on a file or directory of a cgroup.
package struct CgroupError: Error, CustomStringConvertible, Sendable {
  /// The action and its object.
  package let what: String
  /// The `errno`.
  package let code: Int32

  /// The action and the system's error text.
  package var description: String { "\(what): \(String(cString: strerror(code)))" }
}

/// The directory of one cgroup.
struct CgroupDirectory: Sendable {
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

  /// This directory and all directories below it, the deepest first.
  var fromBelow: [CgroupDirectory] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let below = names.sorted().map { CgroupDirectory(path: "\(path)/\($0)") }.filter(\.isDirectory)
    return below.flatMap(\.fromBelow) + [self]
  }

  private var isDirectory: Bool {
    var info = stat()
    return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
  }

  /// Removes this directory and those below it. Fails if they contain processes.
  func removeFromBelow() -> Bool {
    for directory in fromBelow where rmdir(directory.path) != 0 && errno != ENOENT { return false }
    return !exists
  }
}
