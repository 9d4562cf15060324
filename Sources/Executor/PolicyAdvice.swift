import Compose
import PodRuntime
import YAML

/// The smallest `allow:` section that permits a Compose file.
struct PolicyAdvice {
  /// The required permissions, each with the values that it must list; nil where it must be `true`.
  private(set) var needs: [Permission: [String]?] = [:]
  /// An error that no permission avoids, or an error for another reason.
  private(set) var refusal: DiagnosticError?

  /// Adds one permission after another until the policy refuses nothing.
  ///
  /// - Parameter plan: reads the file and checks it against a policy.
  /// - Throws: errors that are not about the file.
  init(_ plan: (PodPolicy) throws -> Void) throws {
    var policy = PodPolicy.strict
    while refusal == nil {
      do {
        try plan(policy)
        return
      } catch let error as DiagnosticError {
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

  /// Adds a permission; false where it is already set and does not help.
  private mutating func add(_ permission: Permission, _ word: String?) -> Bool {
    guard let known = needs[permission] else {
      needs[permission] = .some(word.map { [$0] })
      return true
    }
    guard let known, let word, !known.contains(word) else {
      // `true` may help where the listed values do not.
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

  /// The `allow:` section of the operator's file.
  var text: String { Self.text(needs) }

  /// The `allow:` section that grants the given permissions.
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

  /// The largest value of a permission that is a number.
  private static func most(_ words: [String]?) -> Int? { words?.compactMap { Int($0) }.max() }

  /// Quotes a value for a YAML flow sequence, where that is necessary.
  private static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty && word.first != "-"
      && word.utf8.allSatisfy { byte in
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
          || byte == UInt8(ascii: "_") || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a)
          || (0x30...0x39).contains(byte)
      }
    if isPlain, Double(word) == nil { return word }
    // Escapes each Unicode scalar, as YAML reads them. In Swift, a quote and a combining mark after
    // it are one character.
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
