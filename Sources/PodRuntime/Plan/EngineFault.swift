import Compose
import DockerEngine
import YAML

/// A reason of the engine's that a line of the file is to blame for.
///
/// The texts are those of engines 1.13 to 28; where they differ, each has an entry.
struct EngineFault: Sendable {
  /// All of these occur in the engine's text, whatever their case.
  let texts: [String]
  /// The keys that may be to blame, most exact first: the first that the file has is named. `*`
  /// stands for the object.
  let keys: [String]
  /// What the engine's text quotes between these two: the object.
  let object: (before: String, after: String)?
  /// The words for the file's author; `*` stands for the object.
  let words: String

  init(
    _ texts: String..., keys: [String], object: (String, String)? = nil, _ words: String
  ) {
    self.texts = texts
    self.keys = keys
    self.object = object
    self.words = words
  }

  /// What the engine's text says, if it is this fault.
  ///
  /// - Parameter text: the engine's text.
  /// - Returns: the keys to look for, and the words; nil for another fault.
  func match(_ text: String) -> (keys: [String], words: String, object: String)? {
    guard texts.allSatisfy({ text.containsText($0) }) else { return nil }
    let found = object.flatMap { text.part(after: $0.before, before: $0.after) } ?? ""
    return (
      keys.map { $0.replacingStar(by: found) }, words.replacingStar(by: found), found
    )
  }

  /// The first fault of a list that a text is, and whose key the file has: a text alone may mean
  /// something else.
  ///
  /// - Parameters:
  ///   - text: the engine's text.
  ///   - faults: the list.
  ///   - position: where a key stands, by the object; nil if the file doesn't have it.
  /// - Returns: the words, and the place; nil where no fault fits.
  static func find(
    _ text: String, in faults: [EngineFault],
    position: (_ key: String, _ object: String) -> SourcePosition?
  ) -> (words: String, position: SourcePosition?)? {
    // Engines up to 19.03 quote the runtime's text, and escape the quotes in it.
    let text = text.replacing("\\\"", with: "\"")
    for fault in faults {
      guard let (keys, words, object) = fault.match(text) else { continue }
      if keys.isEmpty { return (words, nil) }
      for key in keys {
        if let found = position(key, object) { return (words, found) }
      }
    }
    return nil
  }

  /// Words, and behind them the engine's own.
  static func line(_ action: String, _ words: String, engine text: String) -> String {
    "\(action): \(words) (engine: \(text))"
  }
}

extension String {
  func containsText(_ other: String) -> Bool {
    lowercased().contains(other.lowercased())
  }

  /// The text between the first `start` and the next `end`; an empty `end` stands for the end of
  /// the text.
  func part(after start: String, before end: String) -> String? {
    guard let begin = firstRange(of: start)?.upperBound else { return nil }
    let rest = self[begin...]
    if end.isEmpty { return String(rest) }
    guard let stop = rest.firstRange(of: end)?.lowerBound else { return nil }
    return String(rest[..<stop])
  }

  fileprivate func replacingStar(by object: String) -> String {
    split(separator: "*", omittingEmptySubsequences: false).joined(separator: object)
  }
}
