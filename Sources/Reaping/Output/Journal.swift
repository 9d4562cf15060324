import Glibc
import JSON

/// What was removed, one JSON line per pod; rotated by size, one old file is kept.
struct Journal: Sendable {
  let path: String
  /// The size in bytes beyond which a new file is begun.
  let limit: Int64

  /// One pod's line.
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
    /// From the death, as far as it was noticed, to the end of the removal.
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
