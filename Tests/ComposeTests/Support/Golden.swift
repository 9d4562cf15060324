import Foundation
import TestSupport

/// The stored output of Docker Compose for the cases of a corpus. A file has one section for each
/// case.
///
///     === CASE
///     its JSON, with a line for each service, network, volume, config and secret; or `refused`
///     --- yaml
///     another form of it
///
/// The directory of the case's files is written as `/@`.
struct Golden: Equatable {
  /// The forms by name. The name of the JSON form is empty.
  var forms: [String: String] = [:]

  init(_ text: String = "") { forms[""] = text }

  /// The JSON, or ``refused``.
  var text: String { forms[""] ?? "" }

  /// The text for a case that Docker Compose refuses.
  static let refused = "refused"

  /// The name of the directory of a case's files.
  static let root = "/@"
  /// The name of the source tree, if a case refers to a path outside its directory.
  private static let tree = "/@@"

  /// Replaces the directory of a case's files by its name in goldens.
  static func portable(_ text: String, root: String) -> String {
    text.replacing(root, with: Self.root).replacing(SourceTree.root, with: tree)
  }

  /// Reverses ``portable(_:root:)``.
  static func local(_ text: String, root: String) -> String {
    text.replacing(tree, with: SourceTree.root).replacing(Self.root, with: root)
  }

  /// The first difference of two goldens. Nil if they are equal.
  func difference(from stored: Golden) -> String? {
    for form in Set(forms.keys).union(stored.forms.keys).sorted() {
      let (one, other) = (forms[form] ?? "-", stored.forms[form] ?? "-")
      if one != other { return "\(form) \(Difference.first(one, other))" }
    }
    return nil
  }

  /// The JSON of a project without its layout, except for a line break before each part of the
  /// second level. Keys keep their order, and texts keep their escapes.
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
    return portable(String(decoding: compact, as: UTF8.self), root: root)
  }
}

/// A file of goldens, with its path below `Tests/ComposeTests`.
struct GoldenFile {
  let path: String

  init(_ path: String) { self.path = SourceTree.path("Tests/ComposeTests/\(path).golden") }

  /// Whether tests write goldens instead of comparing them.
  static let isRecording = ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil

  /// The stored goldens, by name of the case.
  func stored() throws -> [String: Golden] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    var found: [String: Golden] = [:]
    for section in ("\n" + text).components(separatedBy: "\n=== ").dropFirst() {
      var golden = Golden()
      let forms = section.components(separatedBy: "\n--- ")
      var name = ""
      for (index, form) in forms.enumerated() {
        let lines = form.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let body = lines.dropFirst().joined()
        if index == 0 { name = String(lines[0]) }
        golden.forms[index == 0 ? "" : String(lines[0])] = body.trimmingNewlines
      }
      found[name] = golden
    }
    return found
  }

  /// Compares the current output of Docker Compose with the stored one, or stores it.
  ///
  /// - Returns: One line for each difference.
  func check(_ goldens: [(name: String, golden: Golden)]) throws -> [String] {
    if Self.isRecording {
      let text = goldens.map { name, golden in
        golden.forms.sorted { $0.key < $1.key }.reduce(into: "=== \(name)\n") { text, form in
          text += (form.key.isEmpty ? "" : "--- \(form.key)\n") + form.value + "\n"
        }
      }
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(),
        withIntermediateDirectories: true)
      try Data(text.joined().utf8).write(to: URL(fileURLWithPath: path))
    }
    let stored = try stored()
    return goldens.compactMap { name, golden in
      golden.difference(from: stored[name] ?? Golden("-")).map { "\(name): \($0)" }
    }
  }

  /// Cases without a golden, and goldens without a case.
  func strays(among names: some Sequence<String>) throws -> [String] {
    Set(try stored().keys).symmetricDifference(names).sorted()
  }
}

/// The first difference of two texts.
enum Difference {
  static func first(_ ours: String, _ theirs: String) -> String {
    let (left, right) = (
      ours.split(separator: "\n", omittingEmptySubsequences: false),
      theirs.split(separator: "\n", omittingEmptySubsequences: false)
    )
    for (index, pair) in zip(left, right).enumerated() where pair.0 != pair.1 {
      return "line \(index + 1): ours [\(pair.0)] theirs [\(pair.1)]"
    }
    return left.count == right.count ? "none" : "lengths \(left.count) and \(right.count)"
  }
}

extension String {
  /// The text without trailing line breaks.
  var trimmingNewlines: String {
    String(self[..<(lastIndex { !$0.isNewline }.map(index(after:)) ?? startIndex)])
  }
}
