import Compose
import Foundation
import TestSupport

/// A case of the second corpus. A file `Kinds/KIND.kind` has the cases of one kind of public stack:
///
///     === NAME                 a case; then, each on its own line:
///     args OPTION…             command-line options; paths are relative to the case's directory
///     env NAME=VALUE           a variable
///     refused FILE:LINE        Docker Compose and this project refuse it, at this line
///     taken REASON             only Docker Compose refuses it
///     unread FILE:LINE REASON  only this project refuses it, at this line
///     >>> PATH FORM…           a file, followed by its text
///
/// The forms of a file are `crlf`, `cr`, `bom`, `bare` (no newline at its end), `tabs` (`→` is a
/// tab), `fence` (the text is a page of Markdown, and the file is its first code block),
/// `utf-16-le` and `latin-1`. The output of Docker Compose is in `Kinds/KIND.golden`.
struct KindCase: CustomStringConvertible, Sendable {
  let kind: String
  let name: String
  private(set) var arguments: [String] = []
  private(set) var variables = ["HOME": "/home/tester"]
  /// The position at which this project refuses it.
  private(set) var location: String?
  /// The reason for an intended difference from Docker Compose. Nil if there is none.
  private(set) var reason: String?
  private var files: [File] = []

  fileprivate struct File {
    var path: String
    var forms: Set<String>
    var lines: [Substring] = []
  }

  var description: String { "\(kind)/\(name)" }

  /// The directory of the corpus.
  static let directory = URL(fileURLWithPath: SourceTree.path("Tests/ComposeTests/Kinds"))

  /// The kinds, by name.
  static let kinds = ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [])
    .filter { $0.hasSuffix(".kind") }.map { String($0.dropLast(5)) }.sorted()

  static let all = kinds.flatMap(cases)

  /// The stored output of Docker Compose for the cases of a kind.
  static func goldens(of kind: String) -> GoldenFile { GoldenFile("Kinds/\(kind)") }

  static func cases(of kind: String) -> [KindCase] {
    let file = directory.appendingPathComponent(kind + ".kind")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    var cases: [KindCase] = []
    // Split by scalars, since a carriage return and a line feed are one Character.
    for line in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false) {
      let line = Substring(line)
      if line.hasPrefix("=== ") {
        cases.append(KindCase(kind: kind, name: String(line.dropFirst(4))))
      } else if !cases.isEmpty {
        cases[cases.count - 1].add(line)
      }
    }
    return cases
  }

  private init(kind: String, name: String) {
    self.kind = kind
    self.name = name
  }

  private mutating func add(_ line: Substring) {
    if line.hasPrefix(">>> ") {
      let words = line.dropFirst(4).split(separator: " ").map(String.init)
      return files.append(File(path: words[0], forms: Set(words.dropFirst())))
    }
    guard files.isEmpty else { return files[files.count - 1].lines.append(line) }
    let words = line.split(separator: " ", maxSplits: 1).map(String.init)
    switch words.first {
    case "args": arguments = words[1].split(separator: " ").map(String.init)
    case "env":
      let pair = words[1].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      variables[String(pair[0])] = String(pair[1])
    case "refused": location = words[1]
    case "taken": reason = words[1]
    case "unread":
      let parts = words[1].split(separator: " ", maxSplits: 1).map(String.init)
      (location, reason) = (parts[0], parts[1])
    default: fatalError("\(description): `\(line)` is no line of a case")
    }
  }

  /// Writes the case's files into their own directory and passes it to `body`.
  func inDirectory<Value>(
    _ body: (_ root: String, _ arguments: [String]) async throws -> Value
  ) async throws -> Value {
    let directory = try Directory()
    for file in files {
      let url = URL(fileURLWithPath: directory.file("\(name)/\(file.path)"))
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try file.data.write(to: url)
    }
    var words: [String] = []
    for word in arguments {
      let isPath = ["-f", "--env-file", "--project-directory"].contains(words.last)
      words.append(isPath ? directory.file("\(name)/\(word)") : word)
    }
    if !words.contains("-f") { words = ["--project-directory", directory.file(name)] + words }
    return try await body(directory.path, words)
  }

  /// The options for loading, from the options of the command line.
  func options(_ arguments: [String]) -> LoadOptions {
    var options = LoadOptions(environment: variables)
    for (option, value) in zip(arguments, arguments.dropFirst()) {
      switch option {
      case "-f": options.files.append(value)
      case "-p": options.projectName = value
      case "--env-file": options.envFiles.append(value)
      case "--profile": options.profiles.append(value)
      case "--project-directory": options.projectDirectory = value
      default: break
      }
    }
    return options
  }
}

extension KindCase.File {
  /// The content of the file.
  var data: Data {
    var lines = self.lines
    if lines.last?.isEmpty == true { lines.removeLast() }
    if forms.contains("fence") {
      lines = Array(lines.drop { !$0.contains("```") }.dropFirst().prefix { !$0.contains("```") })
    }
    var text = lines.joined(separator: "\n") + (forms.contains("bare") ? "" : "\n")
    if forms.contains("tabs") { text = text.replacing("→", with: "\t") }
    if forms.contains("cr") { text = text.replacing("\n", with: "\r") }
    if forms.contains("crlf") { text = text.replacing("\n", with: "\r\n") }
    if forms.contains("bom") { text = "\u{FEFF}" + text }
    if forms.contains("utf-16-le") { return text.data(using: .utf16LittleEndian) ?? Data() }
    if forms.contains("latin-1") { return text.data(using: .isoLatin1) ?? Data() }
    return Data(text.utf8)
  }
}
