import Glibc
import SystemPackage

/// Whole-file reads of the small text files that the kernel and the host's identity offer.
public enum KernelFile {
  /// The file's text, read to its end; proc files have no size to ask for.
  ///
  /// - Parameter path: an absolute path, below /proc, /sys or /etc.
  /// - Returns: the text; bytes that are no UTF-8 are replaced.
  /// - Throws: `Errno`, as `open(2)` and `read(2)` give it.
  public static func text(_ path: String) throws -> String { try text(FilePath(path)) }

  /// The same of a path whose bytes need not be UTF-8.
  ///
  /// - Parameter path: an absolute path.
  /// - Returns: the text; bytes that are no UTF-8 are replaced.
  /// - Throws: `Errno`, as `open(2)` and `read(2)` give it.
  public static func text(_ path: FilePath) throws -> String {
    let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
        if count == 0 { break }
        bytes += chunk[..<count]
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// The text of a file that others may have put something else in the place of: nothing but a regular file is read, and
  /// nothing is waited for.
  ///
  /// - Parameters:
  ///   - path: an absolute path.
  ///   - limit: how many bytes it may have.
  /// - Returns: the text; bytes that are no UTF-8 are replaced.
  /// - Throws: `Errno`, as `open(2)` and `read(2)` give it; `EFBIG` where it is longer; `EINVAL` where it is no regular file.
  public static func regular(_ path: String, limit: Int = 16 << 20) throws -> String {
    let file = try FileDescriptor.open(
      FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
    return try file.closeAfter {
      var status = stat()
      guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw Errno.invalidArgument
      }
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
        if count == 0 { break }
        bytes += chunk[..<count]
        if bytes.count > limit { throw Errno.fileTooLarge }
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// The first line without surrounding white space, or nil where the file can't be read or is empty.
  static func line(_ path: String) -> String? {
    guard let text = try? text(path) else { return nil }
    let line = text.prefix { $0 != "\n" }
    let word = line.trimmingSpaces()
    return word.isEmpty ? nil : word
  }
}

extension StringProtocol {
  /// The text without spaces and tabs at either end.
  func trimmingSpaces() -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    let tail = drop(while: isSpace)
    guard let last = tail.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(tail[...last])
  }
}
