import Foundation

/// The source tree that the tests were built from.
public enum SourceTree {
  /// The root directory.
  public static let root = URL(fileURLWithPath: #filePath)
    .appendingPathComponent("../../..").standardizedFileURL.path

  /// The absolute path of a file or directory, given relative to the root.
  public static func path(_ relative: String) -> String { "\(root)/\(relative)" }

  /// The text of a file.
  public static func text(_ relative: String) throws -> String {
    try String(contentsOfFile: path(relative), encoding: .utf8)
  }
}
