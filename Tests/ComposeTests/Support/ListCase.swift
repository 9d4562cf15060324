import Compose
import TestSupport

/// A list that `config` prints of a project.
enum ListCase: String, CaseIterable, Sendable {
  case services, images, volumes, networks, profiles, environment, hash

  static let goldens = GoldenFile("Goldens/lists")

  /// The options of the command line.
  var arguments: [String] { ["--\(rawValue)"] + (self == .hash ? ["*"] : []) }

  /// What we print; where Docker Compose's order is another each time, sorted.
  func printed(_ item: CorpusCase) throws -> [String] {
    let project = try ComposeLoader.load(item.options())
    switch self {
    case .services: return project.serviceNames.sorted()
    case .images: return project.imageNames.sorted()
    case .volumes: return project.volumeNames.sorted()
    case .networks: return project.networkNames.sorted()
    case .profiles: return project.profileNames
    case .environment: return project.environmentLines
    case .hash: return try project.hashes(of: []).map { "\($0.name) \($0.hash)" }
    }
  }

  /// What Docker Compose prints, in the same order.
  func asked(_ item: CorpusCase) async throws -> [String] {
    let name = item.isNamed ? [] : ["-p", "parity"]
    let answer = try await Oracle.ask(
      name + item.arguments + ["config"] + arguments, environment: CorpusCase.variables)
    guard answer.status == 0 else { return [Golden.refused] }
    let lines = answer.output.split(separator: "\n").map(String.init)
    switch self {
    case .profiles, .hash: return lines
    // What the tests' own environment gives.
    case .environment:
      return lines.filter { line in !["PATH=", "PWD=", "PYENV"].contains(where: line.hasPrefix) }
    case .services, .images, .volumes, .networks: return lines.sorted()
    }
  }

  /// Whether the list is the same wherever the source tree is.
  func isPortable(_ item: CorpusCase) throws -> Bool {
    try self != .hash || !ComposeLoader.load(item.options()).yaml().contains(SourceTree.root)
  }
}

extension CorpusCase {
  /// The lists as they are stored.
  func golden(_ lists: [ListCase: [String]]) throws -> Golden {
    var golden = Golden()
    for (list, lines) in lines(of: lists) where try list.isPortable(self) {
      golden.forms[list.rawValue] = lines
    }
    return golden
  }

  private func lines(of lists: [ListCase: [String]]) -> [ListCase: String] {
    lists.mapValues { Golden.portable($0.joined(separator: "\n"), root: directory) }
      .filter { !$0.value.isEmpty }
  }
}
