import Glibc

/// Resolves symbolic links, for checks of the location that a path leads to.
package enum RealPath {
  /// The number of symbolic links that one name may lead through, as in the kernel. The kernel
  /// can't open a name with more.
  private static let mostLinks = 40

  /// Resolves a path, whether or not it exists, as `realpath -m` does. If the path returns by `..`
  /// from a name that doesn't exist, the symbolic links after that are resolved too.
  ///
  /// - Parameter path: the path; a relative path is resolved from the working directory.
  /// - Returns: an absolute path without symbolic links, `.`, `..` and doubled slashes.
  package static func of(_ path: String) -> String {
    var real: [String] = []
    let start = path.utf8.first == slash ? "" : workingDirectory + "/"
    for part in components(of: start + path) {
      real = followed(part, in: real) ?? real + [part]
    }
    return "/" + real.joined(separator: "/")
  }

  /// Resolves one name in a directory; nil if the name leads through more than ``mostLinks``
  /// symbolic links.
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

  /// Resolves the path of an existing file (realpath(3)).
  ///
  /// - Parameter path: the path.
  /// - Returns: an absolute path without symbolic links; nil if the file doesn't exist.
  package static func ofExisting(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Whether a path is a directory or below it. Only the text is compared.
  ///
  /// - Parameters:
  ///   - path: the path.
  ///   - directory: the directory.
  /// - Returns: true if the path is the directory or below it.
  package static func isPath(_ path: String, atOrBelow directory: String) -> Bool {
    let (path, directory) = (path.utf8, directory.utf8)
    guard path.starts(with: directory) else { return false }
    let next = path.dropFirst(directory.count).first
    return next == nil || next == slash || directory.last == slash
  }

  private static let slash = UInt8(ascii: "/")

  /// The longest path that the kernel accepts, in bytes: PATH_MAX without the terminating zero
  /// byte.
  package static let longest = 4095

  /// The names in a path. The path is split by bytes, as in the kernel, because a Swift `Character`
  /// can combine a slash with its neighbor.
  ///
  /// - Parameter path: the path.
  /// - Returns: the nonempty parts between slashes.
  package static func components(of path: String) -> [String] {
    path.utf8.split(separator: slash).map { String(Substring($0)) }
  }

  /// The process's working directory; `/` if it has no path.
  package static var workingDirectory: String {
    guard let pointer = getcwd(nil, 0) else { return "/" }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
