import CLinux
import Glibc

/// An extended attribute (xattr(7)) that marks files which this program created.
package struct FileMark: Sendable {
  private static let mostBytes = 1024

  private let name: String

  /// Creates a mark.
  ///
  /// - Parameter name: the attribute's name, with its namespace.
  package init(_ name: String) { self.name = name }

  /// Marks an open file.
  ///
  /// - Parameters:
  ///   - file: the file's descriptor.
  ///   - value: the attribute's value; it is cut after 1 KiB.
  /// - Returns: whether the attribute was set; false if the file system doesn't support it.
  @discardableResult
  package func set(on file: Int32, to value: String = "1") -> Bool {
    linux_mark_file(file, name, String(decoding: value.utf8.prefix(Self.mostBytes), as: UTF8.self))
      == 0
  }

  /// The value of the mark on an open file.
  ///
  /// - Parameter file: the file's descriptor.
  /// - Returns: the value; nil and `errno` if the file has no mark.
  package func value(of file: Int32) -> String? {
    var bytes = [CChar](repeating: 0, count: 4 * Self.mostBytes)
    let count = linux_read_mark(file, name, &bytes, bytes.count)
    guard count >= 0 else { return nil }
    return String(decoding: bytes.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether an open file has the mark.
  ///
  /// - Parameter file: the file's descriptor.
  /// - Returns: true if it has the mark.
  package func isOn(_ file: Int32) -> Bool { value(of: file) != nil }
}
