import CLinux
import Glibc

/// An extended attribute (xattr(7)) by which a program knows the files that it has made.
public struct FileMark: Sendable {
  private static let mostBytes = 1024

  private let name: String

  /// Names a mark.
  ///
  /// - Parameter name: the attribute's name, with its namespace.
  public init(_ name: String) { self.name = name }

  /// Marks an open file.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - value: what to note of it; what is longer than 1 KiB is cut.
  /// - Returns: whether its file system has attributes.
  @discardableResult
  public func set(on file: Int32, to value: String = "1") -> Bool {
    linux_mark_file(file, name, String(decoding: value.utf8.prefix(Self.mostBytes), as: UTF8.self))
      == 0
  }

  /// What is noted of an open file.
  ///
  /// - Parameter file: the file.
  /// - Returns: the value; nil where it has no mark, and `errno` says why.
  public func value(of file: Int32) -> String? {
    var bytes = [CChar](repeating: 0, count: 4 * Self.mostBytes)
    let count = linux_read_mark(file, name, &bytes, bytes.count)
    guard count >= 0 else { return nil }
    return String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether an open file has the mark.
  ///
  /// - Parameter file: the file.
  /// - Returns: whether it has.
  public func isOn(_ file: Int32) -> Bool { value(of: file) != nil }
}
