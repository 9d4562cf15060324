import Foundation
import TestSupport
import Testing

/// The files of the source tree.
enum Project {
  /// The root of the source tree.
  static let root = URL(fileURLWithPath: SourceTree.root)

  /// The text of a file.
  static func text(_ path: String) throws -> String { try SourceTree.text(path) }

  /// The paths of all files below some directories whose names have one of these endings.
  static func files(below directories: [String], endings: [String]) throws -> [String] {
    let names = directories.flatMap { directory -> [String] in
      let path = root.appendingPathComponent(directory).path
      let found = FileManager.default.enumerator(atPath: path)
      return (found?.compactMap { $0 as? String } ?? []).map { directory + "/" + $0 }
    }
    return names.filter { name in endings.contains { name.hasSuffix("." + $0) } }.sorted()
  }

  /// Expects that a page has this text. If UPDATE_DOCS is set, writes the text first.
  static func expect(_ path: String, toBe text: String) throws {
    let file = root.appendingPathComponent(path)
    if ProcessInfo.processInfo.environment["UPDATE_DOCS"] != nil {
      try Data(text.utf8).write(to: file)
    }
    let written = try String(contentsOf: file, encoding: .utf8)
    #expect(written == text, "\(path) is stale: run the tests once with UPDATE_DOCS=1")
  }
}

/// The tables of a page.
struct MarkdownTable {
  /// The cells of the first line.
  let head: [String]
  /// The cells of each further line, without surrounding spaces.
  let rows: [[String]]

  /// All tables of a page, in order.
  static func all(in text: String) -> [MarkdownTable] {
    var tables: [MarkdownTable] = []
    var lines: [[String]] = []
    let all: [Substring] = text.split(separator: "\n", omittingEmptySubsequences: false) + [""]
    for line in all {
      if line.hasPrefix("|") {
        lines.append(cells(line))
      } else if lines.count > 2 {
        tables.append(MarkdownTable(head: lines[0], rows: Array(lines[2...])))
        lines = []
      } else {
        lines = []
      }
    }
    return tables
  }

  private static func cells(_ line: Substring) -> [String] {
    line.replacing("\\|", with: "\u{1}").split(separator: "|", omittingEmptySubsequences: false)
      .dropFirst().dropLast()
      .map { $0.replacing("\u{1}", with: "|").trimmingCharacters(in: .whitespaces) }
  }
}

/// A sample of a settings file: the value of each key, and its whole comment.
struct SampleFile {
  private(set) var values: [String: String] = [:]
  private(set) var comments: [String: String] = [:]

  init(_ path: String) throws {
    var words: [String] = []
    var section: String?
    var last: String?
    for line in try Project.text(path).split(separator: "\n", omittingEmptySubsequences: false) {
      if let found = line.firstMatch(of: /^# (allow|defaults):$/) { section = String(found.1) }
      if line.isEmpty { section = nil }
      if section != nil, let last, let found = line.firstMatch(of: /^# +# (.+)$/) {
        comments[last]? += " \(found.1)"
        continue
      }
      if let section, let found = line.firstMatch(of: /^#? +([a-z-]+): (.+?) +# (.+)$/) {
        values["\(section).\(found.1)"] = String(found.2)
        comments["\(section).\(found.1)"] = String(found.3)
        last = "\(section).\(found.1)"
      } else if section == nil, let found = line.firstMatch(of: /^(?:# )?([a-z][a-z-]+): (\S+)$/) {
        if !line.hasPrefix("#") { values[String(found.1)] = String(found.2) }
        comments[String(found.1)] = words.joined(separator: " ")
        words = []
      } else {
        words = line.hasPrefix("# ") ? words + [String(line.dropFirst(2))] : []
      }
    }
  }
}
