import Compose
import Foundation
import OrderedCollections
import TestSupport
import Testing
import YAML

@Suite("The lists of config")
struct ListTests {
  @Test("are those of Docker Compose 5, for every case of the corpus")
  func parity() async throws {
    #expect(try ListCase.goldens.strays(among: CorpusCase.all.map(\.description)) == [])
    let stored = try ListCase.goldens.stored()
    for item in CorpusCase.all {
      let golden = try await onThread {
        try item.golden(
          Dictionary(
            uniqueKeysWithValues: ListCase.allCases.map { ($0, try $0.printed(item)) }))
      }
      let difference = golden.difference(from: stored[item.description] ?? Golden("-"))
      #expect(difference == nil, "\(item)")
    }
  }

  @Test("have each service after its dependencies, otherwise by name")
  func order() throws {
    let project = try load(
      """
      services:
        a: {image: a, depends_on: [c, b]}
        b: {image: b, links: [z]}
        c: {image: c}
        z: {image: z}
      """)
    #expect(project.serviceNames == ["z", "b", "c", "a"])
  }

  @Test("of services, volumes and networks read no env_file; the list of hashes does")
  func environmentFiles() throws {
    let directory = try Directory([
      "compose.yaml": "services: {a: {image: a, env_file: none.env}, b: {image: b}}"
    ])
    var options = LoadOptions(files: [directory.file("compose.yaml")], projectName: "p")
    #expect(throws: DiagnosticError.self) { try ComposeLoader.load(options) }
    options.environmentOf = []
    #expect(try ComposeLoader.load(options).serviceNames == ["a", "b"])
    options.environmentOf = ["b"]
    #expect(try ComposeLoader.load(options).hashes(of: ["b"]).map(\.name) == ["b"])
    options.environmentOf = ["a"]
    #expect(throws: DiagnosticError.self) { try ComposeLoader.load(options) }
  }

  @Test("a hash changes only with the configuration of a container")
  func hash() throws {
    func hash(_ service: String, _ platform: String? = nil) throws -> String {
      let environment = platform.map { ["DOCKER_DEFAULT_PLATFORM": $0] } ?? [:]
      return try load("services: {a: \(service), b: {image: b}}", environment: environment)
        .hashes(of: ["a"])[0].hash
    }
    let plain = try hash("{image: a}")
    for same in [
      "{image: a, depends_on: [b]}", "{image: a, scale: 2}", "{image: a, pull_policy: always}",
      "{image: a, build: .}",
    ] {
      #expect(try hash(same) == plain, "\(same)")
    }
    #expect(try hash("{image: b}") != plain)
    #expect(
      try hash("{image: a, environment: {A: $$}}") != hash("{image: a, environment: {A: $$$$}}"))
    #expect(try hash("{image: a}", "linux/arm64") == plain)
    #expect(
      try hash("{image: a, build: .}", "linux/arm64")
        == hash("{image: a, build: ., platform: linux/arm64}"))
    #expect(throws: DiagnosticError("there is no service `c`")) {
      try load("services: {a: {image: a}}").hashes(of: ["c"])
    }
    #expect(throws: DiagnosticError.self) {
      try hash("{build: {context: ., platforms: [linux/amd64]}}", "linux/arm64")
    }
  }
}
