import Linux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Paths of the host.
package enum Path {
  /// The shortest path of the same meaning, by its text alone: no `.`, no doubled `/`, no `..` that
  /// something stands before.
  package static func clean(_ path: String) -> String {
    guard !path.isEmpty else { return "." }
    let isAbsolute = path.utf8.first == UInt8(ascii: "/")
    var parts: [String] = []
    for part in RealPath.components(of: path) where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else if part != ".." || !isAbsolute {
        parts.append(part)
      }
    }
    let joined = parts.joined(separator: "/")
    return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
  }

  /// The path beside a folder, unless it is absolute itself; cleaned.
  package static func join(_ folder: String, _ path: String) -> String {
    clean(path.utf8.first == UInt8(ascii: "/") ? path : folder + "/" + path)
  }

  /// The folder of a path; `.` for a name alone.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of a path.
  package static func name(of path: String) -> String {
    RealPath.components(of: path).last ?? ""
  }

  /// The process's working directory.
  package static var current: String { RealPath.workingDirectory }

  /// True if a path is a folder or lies in it, links followed.
  static func isInside(_ path: String, _ folder: String) -> Bool {
    path.utf8.count <= RealPath.longest
      && RealPath.isPath(RealPath.of(path), atOrBelow: RealPath.of(folder))
  }

  /// True if something is there.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// True for a folder.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The path with the first of its parts that is a link followed.
  static func withoutFirstLink(_ path: String) -> String {
    var at = ""
    for part in RealPath.components(of: path) {
      at += "/" + part
      var status = stat()
      guard lstat(at, &status) == 0 else { return path }
      guard status.st_mode & S_IFMT == S_IFLNK else { continue }
      guard path.hasPrefix(at), let target = RealPath.ofExisting(at) else { return path }
      return target + path.dropFirst(at.count)
    }
    return path
  }

  /// A file's bytes, `-` for standard input; at most `limit` and one more. Throws the reason in words.
  static func read(_ path: String, limit: Int) throws(ReadFailure) -> [UInt8] {
    let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ReadFailure(code: errno) }
    return try read(descriptor, limit: limit)
  }

  /// The bytes of a file that is in one of some directories, whose real paths are given; at most `limit` and one more.
  static func read(
    _ path: String, limit: Int, within roots: [String]
  ) throws(ReadFailure) -> [UInt8] {
    let descriptor: Int32
    do throws(Errno) {
      descriptor = try ConfinedFile.open(path, within: roots)
    } catch {
      throw ReadFailure(code: error.rawValue)
    }
    return try read(descriptor, limit: limit)
  }

  /// How long a pipe's writer may take for the next bytes.
  private static let patience: Int32 = 60_000

  /// Reads a descriptor to its end, and closes it.
  private static func read(_ descriptor: Int32, limit: Int) throws(ReadFailure) -> [UInt8] {
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= limit {
      let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        if code == EAGAIN {
          var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
          if Glibc.poll(&poll, 1, patience) != 0 { continue }
        }
        throw ReadFailure(code: code)
      }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return bytes
  }

  /// Why a file could not be read.
  struct ReadFailure: Error {
    /// The system's error number.
    let code: Int32
    /// The reason in words.
    var reason: String {
      isOutside
        ? "it is not among the files that may be read on this host (operator's file, allow: bind-mounts)"
        : String(cString: strerror(code))
    }
    /// True for a file that is not among those that may be read.
    var isOutside: Bool { code == EXDEV }
    /// True where there is no such file.
    var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  }
}
