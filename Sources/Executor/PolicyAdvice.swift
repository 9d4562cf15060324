import Compose
import PodRuntime
import YAML

/// The least `allow:` under which a Compose file can be run.
struct PolicyAdvice {
  /// What has to be permitted: what each permission has to list; nil where it has to be `true`.
  private(set) var needs: [Permission: [String]?] = [:]
  /// What no permission permits, and what is wrong otherwise.
  private(set) var refusal: ComposeError?

  /// Asks for one permission after the other, until nothing is refused.
  ///
  /// - Parameter plan: reads the file and holds it against a policy.
  /// - Throws: what has nothing to do with a policy.
  init(_ plan: (PodPolicy) throws -> Void) throws {
    var policy = PodPolicy.strict
    while refusal == nil {
      do {
        try plan(policy)
        return
      } catch let error as ComposeError {
        guard let remedy = error.remedy, let permission = Permission(rawValue: remedy.setting),
          add(permission, remedy.value)
        else {
          refusal = error
          return
        }
        policy = self.policy
      }
    }
  }

  /// Adds a permission; false where it is there already, and doesn't help.
  private mutating func add(_ permission: Permission, _ word: String?) -> Bool {
    guard let known = needs[permission] else {
      needs[permission] = .some(word.map { [$0] })
      return true
    }
    guard let known, let word, !known.contains(word) else {
      // All of it may help where what is listed doesn't.
      if known == nil { return false }
      needs[permission] = .some(nil)
      return true
    }
    needs[permission] = .some(known + [word])
    return true
  }

  private var policy: PodPolicy {
    var policy = PodPolicy.strict
    for (permission, words) in needs {
      switch permission {
      case .maxPids: policy.maxPids = Self.most(words)
      case .maxContainers: policy.maxContainers = Self.most(words)
      default: policy[permission] = words.map { .only($0) } ?? .everything
      }
    }
    return policy
  }

  /// The part of the operator's file.
  var text: String { Self.text(needs) }

  /// The part of the operator's file that permits something.
  static func text(_ needs: [Permission: [String]?]) -> String {
    if needs.isEmpty { return "allow: {}\n" }
    return needs.sorted { $0.key < $1.key }.reduce(into: "allow:\n") { text, need in
      let value =
        switch need.key {
        case .publishedPorts: need.value?.first ?? "true"
        case .maxPids, .maxContainers: "\(most(need.value) ?? 0)"
        default: need.value.map { "[\($0.map(quoted).joined(separator: ", "))]" } ?? "true"
        }
      text += "  \(need.key.rawValue): \(value)\n"
    }
  }

  /// What a permission that is a number has to be.
  private static func most(_ words: [String]?) -> Int? { words?.compactMap { Int($0) }.max() }

  /// A word as a YAML list in brackets takes it.
  private static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty && word.first != "-"
      && word.utf8.allSatisfy { byte in
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
          || byte == UInt8(ascii: "_") || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a)
          || (0x30...0x39).contains(byte)
      }
    if isPlain, Double(word) == nil { return word }
    // Scalar by scalar, as YAML reads it: a quote and what is written over it are one character.
    let escaped = word.unicodeScalars.map { scalar in
      switch scalar {
      case "\\", "\"": "\\\(scalar)"
      case " "..."~": "\(scalar)"
      default: "\\U" + String(scalar.value, radix: 16).leftPadded(to: 8)
      }
    }
    return "\"\(escaped.joined())\""
  }
}

extension String {
  fileprivate func leftPadded(to count: Int) -> String {
    String(repeating: "0", count: max(0, count - utf8.count)) + self
  }
}
