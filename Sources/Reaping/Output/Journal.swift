import Glibc
import JSON

/// The journal of removals: one JSON line per pod. It is rotated by size, and one old file is kept.
struct Journal: Sendable {
  let path: String
  /// The size in bytes after which a new file is started.
  let limit: Int64

  /// The line of one pod.
  struct Entry: Codable, Sendable {
    var time: String
    var verdict: String
    var why: String
    var task: String
    var run: String
    var framework: String
    var executor: String
    var evidence: [String]
    var removed: [String: [String]]
    var failed: [String]
    var pending: [String]
    /// From the detection of the death to the end of the removal.
    var secondsSinceDeath: Double?
  }

  /// Appends a line.
  ///
  /// - Throws: `Errno`, `EncodingError`
  func append(_ entry: Entry) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let size = try PrivateFile.append(line: try encoder.encode(entry), to: path)
    if size > limit { rename(path, path + ".1") }
  }
}
