import Glibc
import SystemPackage

/// Small text files, read whole: of the kernel, settings, tokens and state.
public enum TextFile {
  /// The file's text, read to its end; proc files have no size to ask for.
  ///
  /// - Parameter path: the path.
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
    return try file.closeAfter { try rest(of: file, limit: .max) }
  }

  /// The rest of an open file's text.
  ///
  /// - Parameters:
  ///   - descriptor: the file's; it stays open.
  ///   - limit: how many bytes it may have.
  /// - Returns: the text; bytes that are no UTF-8 are replaced.
  /// - Throws: `Errno`, as `read(2)` gives it; `EFBIG` where it is longer.
  package static func text(of descriptor: Int32, limit: Int) throws -> String {
    try rest(of: FileDescriptor(rawValue: descriptor), limit: limit)
  }

  /// The text of a file that others may have put something else in the place of: nothing but a regular file is read, and
  /// nothing is waited for.
  ///
  /// - Parameters:
  ///   - path: an absolute path.
  ///   - limit: how many bytes it may have.
  ///   - directories: the real paths of the directories that it may be in, links followed; nil for any.
  /// - Returns: the text; bytes that are no UTF-8 are replaced.
  /// - Throws: `Errno`, as `open(2)` and `read(2)` give it; `EFBIG` where it is longer; `EINVAL` where it is no regular file;
  ///   `improperLink` where it is elsewhere.
  public static func regular(
    _ path: String, limit: Int = 16 << 20, within directories: [String]? = nil
  ) throws -> String {
    let file =
      if let directories {
        FileDescriptor(rawValue: try ConfinedFile.open(path, within: directories))
      } else {
        try FileDescriptor.open(
          FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
      }
    return try file.closeAfter {
      var status = stat()
      guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw Errno.invalidArgument
      }
      return try rest(of: file, limit: limit)
    }
  }

  private static func rest(of file: FileDescriptor, limit: Int) throws -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
      if bytes.count > limit { throw Errno.fileTooLarge }
    }
  }

  /// The first line without surrounding white space.
  ///
  /// - Parameter path: an absolute path.
  /// - Returns: nil where the file can't be read or is empty.
  public static func line(_ path: String) -> String? {
    guard let text = try? text(path) else { return nil }
    let line = text.prefix { $0 != "\n" }
    let word = line.trimmingSpaces()
    return word.isEmpty ? nil : word
  }

  /// Where a symbolic link points.
  ///
  /// - Parameter path: the link.
  /// - Returns: nil where it can't be read.
  public static func linkTarget(_ path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &bytes, bytes.count)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension StringProtocol {
  /// The text without spaces and tabs at either end.
  package func trimmingSpaces() -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    let tail = drop(while: isSpace)
    guard let last = tail.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(tail[...last])
  }
}
