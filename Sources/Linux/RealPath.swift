import Glibc

/// Paths with their symbolic links followed: what decides where a path is allowed to lead.
public enum RealPath {
  /// How many links one name may lead over, as in the kernel; one that leads on is a name that nobody can open.
  private static let mostLinks = 40

  /// Where a path leads, whether or not there is anything: as `realpath -m` has it. What comes back by `..` from a name
  /// that doesn't exist follows the links that it meets then.
  ///
  /// - Parameter path: the path; a relative one starts at the working directory.
  /// - Returns: an absolute path without links, `.`, `..` and doubled slashes.
  public static func of(_ path: String) -> String {
    var real: [String] = []
    let start = path.utf8.first == slash ? "" : workingDirectory + "/"
    for part in components(of: start + path) {
      real = followed(part, in: real) ?? real + [part]
    }
    return "/" + real.joined(separator: "/")
  }

  /// Where a name in a directory leads; nil for links that lead to themselves.
  private static func followed(_ name: String, in directory: [String]) -> [String]? {
    var real = directory
    var open = [name]
    var links = 0
    while let part = open.popLast() {
      switch part {
      case ".": continue
      case "..": if !real.isEmpty { real.removeLast() }
      default:
        let next = real + [part]
        guard let target = TextFile.linkTarget("/" + next.joined(separator: "/")) else {
          real = next
          continue
        }
        links += 1
        if links > mostLinks { return nil }
        if target.utf8.first == slash { real = [] }
        open += components(of: target).reversed()
      }
    }
    return real
  }

  /// Where a path leads that exists (realpath(3)).
  ///
  /// - Parameter path: the path.
  /// - Returns: an absolute path without links; nil where it doesn't exist.
  public static func ofExisting(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Whether a path is a directory or below it, by their text alone.
  ///
  /// - Parameters:
  ///   - path: the path.
  ///   - directory: what it may be or be in.
  /// - Returns: whether it is.
  public static func isPath(_ path: String, atOrBelow directory: String) -> Bool {
    let (path, directory) = (path.utf8, directory.utf8)
    guard path.starts(with: directory) else { return false }
    let next = path.dropFirst(directory.count).first
    return next == nil || next == slash || directory.last == slash
  }

  private static let slash = UInt8(ascii: "/")

  /// The longest path that the kernel takes, in bytes (PATH_MAX, less its end).
  public static let longest = 4095

  /// The names in a path, by its bytes as the kernel has them: some characters join a slash after them to themselves.
  ///
  /// - Parameter path: the path.
  /// - Returns: what is between slashes, without what is empty.
  public static func components(of path: String) -> [String] {
    path.utf8.split(separator: slash).map { String(Substring($0)) }
  }

  /// The process's working directory; `/` where it has none that can be named.
  public static var workingDirectory: String {
    guard let pointer = getcwd(nil, 0) else { return "/" }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
