import Compose
import Foundation
import TestSupport

/// Docker Compose 1.29.2, the last that knew the format of Compose 1 (`compose1.py`).
enum Compose1 {
  /// What it makes of some files, and what `config --format json` of ours says, both in one plain form.
  struct Answer: Decodable {
    let theirs: [String: [String: Value]]?
    let ours: [String: [String: Value]]?
    let error: String?

    /// The fields that differ, as `service.field`, with both values.
    var differences: [String: String] {
      var found: [String: String] = [:]
      let (theirs, ours) = (theirs ?? [:], ours ?? [:])
      for service in Set(theirs.keys).union(ours.keys) {
        let (one, other) = (theirs[service] ?? [:], ours[service] ?? [:])
        for field in Set(one.keys).union(other.keys) where one[field] != other[field] {
          let values = [one[field], other[field]].map { $0.map(String.init(describing:)) ?? "-" }
          found["\(service).\(field)"] = "theirs \(values[0]), ours \(values[1])"
        }
      }
      return found
    }
  }

  /// A value of JSON.
  enum Value: Decodable, Equatable, CustomStringConvertible {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([Value])
    case mapping([String: Value])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        self = .null
      } else if let value = try? container.decode(Bool.self) {
        self = .boolean(value)
      } else if let value = try? container.decode(Double.self) {
        self = .number(value)
      } else if let value = try? container.decode(String.self) {
        self = .text(value)
      } else if let value = try? container.decode([Value].self) {
        self = .list(value)
      } else {
        self = .mapping(try container.decode([String: Value].self))
      }
    }

    var description: String {
      switch self {
      case .null: "null"
      case .boolean(let value): "\(value)"
      case .number(let value): "\(value)"
      case .text(let value): "\"\(value)\""
      case .list(let values): "\(values)"
      case .mapping(let values): "\(values.sorted { $0.key < $1.key })"
      }
    }
  }

  private struct Question: Encodable {
    let directory: String
    let files: [String]
    let ours: String?
  }

  /// The answers for some cases, in their order, all from one process.
  static func answers(for cases: [CorpusCase]) async throws -> [Answer] {
    let questions = cases.map { item in
      Question(
        directory: item.directory, files: item.files,
        ours: try? ComposeLoader.load(item.options()).json())
    }
    let folder = try Folder()
    let input = URL(fileURLWithPath: folder.file("questions.json"))
    try JSONEncoder().encode(questions).write(to: input)
    let answer = try await Oracle.output(
      of: "/usr/bin/python3", [script, input.path], environment: CorpusCase.variables)
    guard answer.status == 0 else { throw Failure(description: answer.errors) }
    return try JSONDecoder().decode([Answer].self, from: Data(answer.output.utf8))
  }

  /// Thrown where Docker Compose 1.29.2 can't be run.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private static let script = SourceTree.path("Tests/ComposeTests/Support/compose1.py")
}
