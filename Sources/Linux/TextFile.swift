import Glibc
import SystemPackage

/// Reads small text files whole: kernel files, settings, tokens and state.
package enum TextFile {
  /// The text of a file. It is read until end of file, because files in /proc report no size.
  ///
  /// - Parameter path: the path.
  /// - Returns: the text; bytes that are not UTF-8 are replaced.
  /// - Throws: the `Errno` of `open(2)` or `read(2)`.
  package static func text(_ path: String) throws -> String { try text(FilePath(path)) }

  /// The text of a file whose path need not be UTF-8.
  ///
  /// - Parameter path: an absolute path.
  /// - Returns: the text; bytes that are not UTF-8 are replaced.
  /// - Throws: the `Errno` of `open(2)` or `read(2)`.
  package static func text(_ path: FilePath) throws -> String {
    let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
    return try file.closeAfter { try rest(of: file, limit: .max) }
  }

  /// The remaining text of an open file.
  ///
  /// - Parameters:
  ///   - descriptor: the file's descriptor; it stays open.
  ///   - limit: the largest number of bytes.
  /// - Returns: the text; bytes that are not UTF-8 are replaced.
  /// - Throws: the `Errno` of `read(2)`; `EFBIG` if the text is longer than `limit`.
  package static func text(of descriptor: Int32, limit: Int) throws -> String {
    try rest(of: FileDescriptor(rawValue: descriptor), limit: limit)
  }

  /// The text of a file that other users may have replaced. Only a regular file is read, and the
  /// call never blocks on a pipe or a device.
  ///
  /// - Parameters:
  ///   - path: an absolute path.
  ///   - limit: the largest number of bytes.
  ///   - directories: the real paths of the directories that may contain the file, with symbolic
  ///     links resolved; nil for any directory.
  /// - Returns: the text; bytes that are not UTF-8 are replaced.
  /// - Throws: the `Errno` of `open(2)` or `read(2)`; `EFBIG` if the text is longer than `limit`;
  ///   `EINVAL` if the file is not regular; `improperLink` if it is outside `directories`.
  package static func regular(
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

  /// The first line, without surrounding spaces and tabs.
  ///
  /// - Parameter path: an absolute path.
  /// - Returns: nil if the file can't be read or the line is empty.
  package static func line(_ path: String) -> String? {
    guard let text = try? text(path) else { return nil }
    let line = text.prefix { $0 != "\n" }
    let word = line.trimmingSpaces()
    return word.isEmpty ? nil : word
  }

  /// The target of a symbolic link.
  ///
  /// - Parameter path: the path of the link.
  /// - Returns: nil if the link can't be read.
  package static func linkTarget(_ path: String) -> String? {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &bytes, bytes.count)
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension StringProtocol {
  /// The text without spaces, tabs and carriage returns at both ends.
  package func trimmingSpaces() -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    let tail = drop(while: isSpace)
    guard let last = tail.lastIndex(where: { !isSpace($0) }) else { return "" }
    return String(tail[...last])
  }
}
