import AgentStandIn
import Compose
import Foundation
import OrderedCollections
import TestSupport
import YAML

/// A file of `Parity/`: services that use one key, which is the file's name.
struct ParityFile: Sendable, CustomStringConvertible {
  /// The key, which is the file's name.
  let key: String
  /// Its path in the tests' directory.
  let path: String
  /// The reason why no engine here can create it: `# request only: REASON` in its first line.
  let requestOnly: String?
  /// A controller that the engine's cgroups must have: `# needs: NAME` in its first line.
  let controller: String?
  /// Its services.
  let services: [String]
  /// The number of their containers.
  let containers: Int

  var description: String { key }

  static let directory = SourceTree.path("Tests/Integration/Compose/Parity")

  /// All files, ordered by name.
  static func all() throws -> [ParityFile] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
      .filter { $0.hasSuffix(".yaml") }.map { try ParityFile(name: $0) }
  }

  private init(name: String) throws {
    key = String(name.dropLast(5))
    path = Self.directory + "/" + name
    let text = try String(contentsOfFile: path, encoding: .utf8)
    func headed(_ word: String) -> String? {
      let line = text.prefix { !$0.isNewline }
      return line.hasPrefix("# \(word): ") ? String(line.dropFirst(word.count + 4)) : nil
    }
    requestOnly = headed("request only")
    controller = headed("needs")
    let project = try Self.load([path])
    services = Array(project.services.keys)
    containers = project.services.values.reduce(0) { $0 + ($1.scale?.value ?? 1) }
  }

  /// A project of several files.
  static func load(_ paths: [String]) throws -> Project {
    try ComposeLoader.load(
      LoadOptions(files: paths, projectDirectory: directory, projectName: "parity"))
  }

  /// The command line's options for some files and their gate.
  static func options(for files: [ParityFile]) -> [String] {
    files.flatMap { ["-f", "\($0.key).yaml"] } + ["-f", "gate.yml"]
  }

  /// A file that prevents every service but its own from starting: they are created, and wait.
  static func gate(for files: [ParityFile]) -> String {
    let waiting = files.flatMap(\.services).map {
      "  \($0): {depends_on: {gate: {condition: service_completed_successfully}}}\n"
    }
    return "services:\n  gate: {image: founding/base}\n" + waiting.joined()
  }
}

/// The objects that one side created, each with a name that is the same on both sides.
struct CreatedObjects: Sendable {
  /// Containers by service and number, `web/1`.
  var containers: [String: JSON] = [:]
  /// Networks by key.
  var networks: [String: JSON] = [:]
  /// Volumes by key.
  var volumes: [String: JSON] = [:]

  /// The number of network connections of all containers.
  var endpoints: Int {
    containers.values.reduce(0) { sum, container in
      guard case .object(let networks)? = container["NetworkSettings"]?["Networks"] else {
        return sum
      }
      return sum + networks.count
    }
  }

  /// The objects of a Compose project on an engine, in the form of `docker inspect`.
  init(project: String, on engine: TestEngine) async throws {
    let label = "label=com.docker.compose.project=\(project)"
    let found = try await Self.inspect(
      engine, ["ps", "-aq", "--no-trunc", "--filter", label], ["container", "inspect"])
    for container in found {
      let labels = container["Config"]?["Labels"]
      let service = labels?["com.docker.compose.service"]?.string ?? ""
      let number = labels?["com.docker.compose.container-number"]?.string ?? ""
      containers["\(service)/\(number)"] = container
    }
    for (kind, key) in [("network", \Self.networks), ("volume", \Self.volumes)] {
      let found = try await Self.inspect(
        engine, [kind, "ls", "-q", "--filter", label], [kind, "inspect"])
      for object in found {
        let name = object["Labels"]?["com.docker.compose.\(kind)"]?.string ?? ""
        self[keyPath: key][name] = object
      }
    }
  }

  private static func inspect(
    _ engine: TestEngine, _ list: [String], _ inspect: [String]
  ) async throws -> [JSON] {
    var command = engine.docker()
    command.arguments = list
    let ids = try await command.output().split(separator: "\n").map(String.init)
    guard !ids.isEmpty else { return [] }
    command.arguments = inspect + ids
    return try JSON(parsing: Array(try await command.output().utf8)).array ?? []
  }
}

/// Names and IDs that the two sides give the same object, and the word that replaces both.
struct ParityNames: Sendable {
  private var words: [(text: String, word: String)] = []

  init(of objects: CreatedObjects, project: String, directory: String) {
    add(directory, "<directory>")
    for (name, container) in objects.containers {
      let own = (container["Name"]?.string ?? "").drop { $0 == "/" }
      let id = container["Id"]?.string ?? ""
      add(id, "<\(name)>")
      add(String(id.prefix(12)), "<\(name)>")
      add(String(own), "<\(name)>")
      // The last of the names that Compose gives to a link.
      add("\(project)-\(name.replacingOccurrences(of: "/", with: "-"))", "<\(name)>")
    }
    for (key, network) in objects.networks {
      add(network["Id"]?.string ?? "", "<network \(key)>")
      add(network["Name"]?.string ?? "", "<network \(key)>")
    }
    for (key, volume) in objects.volumes { add(volume["Name"]?.string ?? "", "<volume \(key)>") }
    add(project, "<project>")
    sort()
  }

  /// The longest first: a project's name is a prefix of others.
  mutating func sort() { words.sort { $0.text.count > $1.text.count } }

  /// Adds a word that replaces a text.
  mutating func add(_ text: String, _ word: String) {
    if !text.isEmpty { words.append((text, word)) }
  }

  /// The value with names replaced by words, also in keys of objects.
  func replaced(in value: JSON) -> JSON {
    switch value {
    case .string(let text): .string(replaced(in: text))
    case .array(let items): .array(items.map(replaced))
    case .object(let members):
      .object(
        Dictionary(
          members.map { (replaced(in: $0.key), replaced(in: $0.value)) },
          uniquingKeysWith: { first, _ in first }))
    default: value
    }
  }

  /// The text with names replaced by words.
  func replaced(in text: String) -> String {
    words.reduce(text) { $0.replacingOccurrences(of: $1.text, with: $1.word) }
  }
}

extension JSON {
  /// The value without empty values: null, false, zero, and empty texts, lists and objects.
  var pruned: JSON? {
    switch self {
    case .null, .bool(false), .integer(0), .string(""): return nil
    case .array(let items):
      let rest = items.compactMap(\.pruned)
      return rest.isEmpty ? nil : .array(rest)
    case .object(let members):
      let rest = members.compactMapValues(\.pruned)
      return rest.isEmpty ? nil : .object(rest)
    default: return self
    }
  }

  /// Changes the value at a path, if it exists; `*` stands for every member.
  mutating func edit(_ path: [String], _ change: (inout JSON?) -> Void) {
    guard let first = path.first, case .object(var members) = self else { return }
    for key in first == "*" ? Array(members.keys) : [first] {
      if path.count == 1 {
        change(&members[key])
      } else {
        members[key]?.edit(Array(path.dropFirst()), change)
      }
    }
    self = .object(members)
  }

  /// The differences of two values: paths, each with the value of either side.
  static func differences(_ ours: JSON?, _ theirs: JSON?) -> [String] {
    parted(ours, theirs).map { "\($0.path): ours \($0.ours), Compose's \($0.theirs)" }
  }

  /// The differences of two values.
  static func parted(
    _ ours: JSON?, _ theirs: JSON?, at path: String = ""
  ) -> [(path: String, ours: String, theirs: String)] {
    if ours == theirs { return [] }
    if case .object(let left)? = ours, case .object(let right)? = theirs {
      return Set(left.keys).union(right.keys).sorted().flatMap {
        parted(left[$0], right[$0], at: path.isEmpty ? $0 : "\(path).\($0)")
      }
    }
    return [(path, text(ours), text(theirs))]
  }

  private static func text(_ value: JSON?) -> String {
    value.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "nothing"
  }
}
