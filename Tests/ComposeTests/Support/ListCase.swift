import Compose
import TestSupport

/// A list that `config` prints for a project.
enum ListCase: String, CaseIterable, Sendable {
  case services, images, volumes, networks, profiles, environment, hash

  static let goldens = GoldenFile("Goldens/lists")

  /// The options for the command line.
  var arguments: [String] { ["--\(rawValue)"] + (self == .hash ? ["*"] : []) }

  /// Our output. Sorted if the order of Docker Compose varies.
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

  /// The output of Docker Compose, in the same order.
  func requested(_ item: CorpusCase) async throws -> [String] {
    let name = item.isNamed ? [] : ["-p", "parity"]
    let response = try await Oracle.ask(
      name + item.arguments + ["config"] + arguments, environment: CorpusCase.variables)
    guard response.status == 0 else { return [Golden.refused] }
    let lines = response.output.split(separator: "\n").map(String.init)
    switch self {
    case .profiles, .hash: return lines
    // Without the variables of the tests' own environment.
    case .environment:
      return lines.filter { line in !["PATH=", "PWD=", "PYENV"].contains(where: line.hasPrefix) }
    case .services, .images, .volumes, .networks: return lines.sorted()
    }
  }

  /// Whether the list is independent of the location of the source tree.
  func isPortable(_ item: CorpusCase) throws -> Bool {
    try self != .hash || !ComposeLoader.load(item.options()).yaml().contains(SourceTree.root)
  }
}

extension CorpusCase {
  /// The stored form of the lists.
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
