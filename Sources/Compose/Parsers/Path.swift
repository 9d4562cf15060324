import Linux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Paths of the host.
package enum Path {
  /// The shortest equivalent path without reading the file system: no `.`, no doubled `/`, and `..`
  /// only at the beginning of a relative path.
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

  /// Resolves a path against a directory and cleans it; an absolute path is only cleaned.
  package static func join(_ directory: String, _ path: String) -> String {
    clean(path.utf8.first == UInt8(ascii: "/") ? path : directory + "/" + path)
  }

  /// The directory of a path; `.` for a path without `/`.
  package static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last component of a path.
  package static func name(of path: String) -> String {
    RealPath.components(of: path).last ?? ""
  }

  /// The process's working directory.
  package static var current: String { RealPath.workingDirectory }

  /// True if a path is a directory or inside it, after resolving links.
  static func isInside(_ path: String, _ directory: String) -> Bool {
    path.utf8.count <= RealPath.longest
      && RealPath.isPath(RealPath.of(path), atOrBelow: RealPath.of(directory))
  }

  /// True if the path exists.
  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// True for a directory.
  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The path with its first link resolved.
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

  /// Reads a file, `-` for standard input: `limit` bytes and at most one more chunk, so that the
  /// caller can detect a longer file.
  static func read(_ path: String, limit: Int) throws(ReadFailure) -> [UInt8] {
    let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ReadFailure(code: errno) }
    return try read(descriptor, limit: limit)
  }

  /// Reads a file inside one of the directories, which are given by their real paths: `limit`
  /// bytes and at most one more chunk.
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

  /// The timeout for the next bytes of a pipe, in milliseconds.
  private static let patience: Int32 = 60_000

  /// Reads a descriptor to its end and closes it.
  private static func read(_ descriptor: Int32, limit: Int) throws(ReadFailure) -> [UInt8] {
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    // A named pipe that no process has opened for writing yet seems to be at its end.
    if isPipe(descriptor), !hasData(descriptor) { throw ReadFailure(code: EAGAIN) }
    while bytes.count <= limit {
      let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        if code == EAGAIN, hasData(descriptor) { continue }
        throw ReadFailure(code: code)
      }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return bytes
  }

  /// True for a pipe that doesn't block; standard input does.
  private static func isPipe(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
      && fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0
  }

  /// Waits for bytes or the end of a pipe; false after the timeout.
  private static func hasData(_ descriptor: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while true {
      let count = poll(&request, 1, patience)
      if count >= 0 || errno != EINTR { return count != 0 }
    }
  }

  /// The cause of a failed read.
  struct ReadFailure: Error {
    /// The system's error number.
    let code: Int32
    /// The description of the cause.
    var reason: String {
      isOutside
        ? "it may not be read on this host (operator's file, allow: bind-mounts)"
        : isSilent
          ? "no process has written to the pipe within \(patience / 1000) s"
          : String(cString: strerror(code))
    }
    /// True for a pipe whose data did not arrive in time.
    var isSilent: Bool { code == EAGAIN }
    /// True for a file that may not be read.
    var isOutside: Bool { code == EXDEV }
    /// True if the file doesn't exist.
    var isMissing: Bool { code == ENOENT || code == ENOTDIR }
  }
}
