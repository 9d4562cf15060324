import Compose
import DockerEngine
import YAML

/// An error of the engine that a key of the Compose file causes.
///
/// The texts are those of engines 1.13 to 28. Texts that differ between versions have separate
/// entries.
struct EngineFault: Sendable {
  /// All of these occur in the engine's text, in upper or lower case.
  let texts: [String]
  /// The keys that may be the cause, most specific first. The first one that the file has is
  /// reported. `*` is replaced by the object.
  let keys: [String]
  /// The texts before and after the object in the engine's text.
  let object: (before: String, after: String)?
  /// The explanation for the file's author. `*` is replaced by the object.
  let explanation: String

  init(
    _ texts: String..., keys: [String], object: (String, String)? = nil, _ explanation: String
  ) {
    self.texts = texts
    self.keys = keys
    self.object = object
    self.explanation = explanation
  }

  /// Matches the engine's text with this fault.
  ///
  /// - Parameter text: the engine's text.
  /// - Returns: the keys to search for, and the explanation; nil for another fault.
  func match(_ text: String) -> (keys: [String], explanation: String, object: String)? {
    guard texts.allSatisfy({ text.containsText($0) }) else { return nil }
    let found = object.flatMap { text.part(after: $0.before, before: $0.after) } ?? ""
    return (
      keys.map { $0.replacingStar(by: found) }, explanation.replacingStar(by: found), found
    )
  }

  /// The first fault of a list that matches a text and whose key the file has. The text alone is
  /// not sufficient, because it may have another meaning.
  ///
  /// - Parameters:
  ///   - text: the engine's text.
  ///   - faults: the list.
  ///   - position: the position of a key, by the object; nil if the file doesn't have the key.
  /// - Returns: the explanation and the position; nil if no fault matches.
  static func find(
    _ text: String, in faults: [EngineFault],
    position: (_ key: String, _ object: String) -> SourcePosition?
  ) -> (explanation: String, position: SourcePosition?)? {
    // Engines up to 19.03 quote the runtime's text, and escape the quotes in it.
    let text = text.replacing("\\\"", with: "\"")
    for fault in faults {
      guard let (keys, explanation, object) = fault.match(text) else { continue }
      if keys.isEmpty { return (explanation, nil) }
      for key in keys {
        if let found = position(key, object) { return (explanation, found) }
      }
    }
    return nil
  }

  /// An explanation, followed by the engine's text.
  static func line(_ action: String, _ explanation: String, engine text: String) -> String {
    "\(action): \(explanation) (engine: \(text))"
  }
}

extension String {
  func containsText(_ other: String) -> Bool {
    lowercased().contains(other.lowercased())
  }

  /// The text between the first `start` and the next `end`; an empty `end` means the end of the
  /// text.
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
