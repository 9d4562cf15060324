import Foundation

/// The source tree that the tests were built from.
package enum SourceTree {
  /// The root directory.
  package static let root = URL(fileURLWithPath: #filePath)
    .appendingPathComponent("../../..").standardizedFileURL.path

  /// The absolute path of a file or directory, given relative to the root.
  package static func path(_ relative: String) -> String { "\(root)/\(relative)" }

  /// The text of a file.
  package static func text(_ relative: String) throws -> String {
    try String(contentsOfFile: path(relative), encoding: .utf8)
  }
}
