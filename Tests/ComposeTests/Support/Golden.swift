import Foundation

/// What Docker Compose makes of the cases of a kind: `Kinds/KIND.golden`, a case's JSON after its name, with a
/// line for each service, network, volume, config and secret; or `refused`.
enum Golden {
  /// The word for what Docker Compose refuses.
  static let refused = "refused"

  /// The goldens of a kind, by the case's name.
  static func of(kind: String) throws -> [String: String] {
    let text = try String(contentsOf: file(kind), encoding: .utf8)
    var found: [String: String] = [:]
    for part in ("\n" + text).components(separatedBy: "\n=== ").dropFirst() {
      let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      found[String(lines[0])] = lines.dropFirst().joined().trimmingCharacters(in: .newlines)
    }
    return found
  }

  /// Writes the goldens of a kind.
  static func write(_ goldens: [(name: String, text: String)], kind: String) throws {
    let text = goldens.map { "=== \($0.name)\n\($0.text)\n" }.joined()
    try Data(text.utf8).write(to: file(kind))
  }

  private static func file(_ kind: String) -> URL {
    KindCase.folder.appendingPathComponent(kind + ".golden")
  }

  /// A project's JSON without its layout, but for a line break before each part of the second level. Keys keep
  /// their order, and texts their escapes.
  static func compact(_ json: String, root: String) -> String {
    var compact: [UInt8] = []
    var (depth, isText, isEscaped) = (0, false, false)
    for byte in json.utf8 {
      if isText {
        compact.append(byte)
        if byte == UInt8(ascii: "\""), !isEscaped { isText = false }
        isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        continue
      }
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\n"): continue
      case UInt8(ascii: "\""): isText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      compact.append(byte)
      let isBreak = byte == UInt8(ascii: ",") || byte == UInt8(ascii: "{")
      if isBreak, depth == 1 || depth == 2 { compact.append(UInt8(ascii: "\n")) }
    }
    return String(decoding: compact, as: UTF8.self).replacing(root, with: KindCase.root)
  }
}
