import Compose
import Foundation
import TestSupport

/// Docker Compose 1.29.2, the last version that supports the format of Compose 1 (`compose1.py`).
enum Compose1 {
  /// The project that Docker Compose creates from some files, and the output of our
  /// `config --format json`, both in a common form.
  struct Response: Decodable {
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

  /// The cases whose goldens share a file.
  enum Part: String, CaseIterable, Sendable {
    case accepted, refused, versions

    var cases: [CorpusCase] {
      switch self {
      case .accepted: CorpusCase.legacy
      case .refused: CorpusCase.legacyRefused
      case .versions: CorpusCase.all.filter { $0.description.hasPrefix("versions/") }
      }
    }
    var goldens: GoldenFile { GoldenFile("Goldens/compose1-\(rawValue)") }
  }

  private struct Question: Encodable {
    let directory: String
    let files: [String]
    var ours: String?
    var theirs: String?
  }

  /// The output of Docker Compose 1.29.2 for some cases: services and their fields in the common
  /// form, or ``Golden/refused``.
  static func record(_ cases: [CorpusCase]) async throws -> [(name: String, golden: Golden)] {
    let questions = cases.map { Question(directory: $0.directory, files: $0.files) }
    let responses = try await run("record", questions, [String].self)
    return zip(cases, responses).map { item, response in
      (item.description, Golden(response))
    }
  }

  /// The recorded output of Docker Compose and ours for the cases of a part, in order.
  static func responses(for part: Part) async throws -> [(item: CorpusCase, response: Response)] {
    let goldens = try part.goldens.stored()
    let questions = part.cases.map { item in
      Question(
        directory: item.directory, files: item.files,
        ours: (try? ComposeLoader.load(item.options()).json()).map {
          Golden.portable($0, root: item.directory)
        },
        theirs: goldens[item.description]?.text)
    }
    return Array(zip(part.cases, try await run("compare", questions, [Response].self)))
      .map { (item: $0.0, response: $0.1) }
  }

  private static func run<Result: Decodable>(
    _ verb: String, _ questions: [Question], _ type: Result.Type
  ) async throws -> Result {
    let directory = try Directory()
    let input = URL(fileURLWithPath: directory.file("questions.json"))
    try JSONEncoder().encode(questions).write(to: input)
    let response = try await Oracle.output(
      of: "/usr/bin/python3", [script, verb, input.path], environment: CorpusCase.variables)
    guard response.status == 0 else { throw Failure(description: response.errors) }
    return try JSONDecoder().decode(type, from: Data(response.output.utf8))
  }

  /// Docker Compose 1.29.2 can't be run.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private static let script = SourceTree.path("Tests/ComposeTests/Support/compose1.py")
}
