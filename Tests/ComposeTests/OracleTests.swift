import Compose
import Foundation
import Testing
import YAML

/// `make goldens` stores the output that is compared here.
@Suite("The goldens are current output of Docker Compose", .enabled(if: Oracle.program != nil))
struct OracleTests {
  @Test("Docker Compose has version 5")
  func version() async throws {
    let response = try await Oracle.ask(["version", "--short"])
    #expect(response.output.hasPrefix("5."), "\(response)")
  }

  @Test("of files that it accepts", arguments: CorpusGroup.accepted)
  func accepted(_ group: CorpusGroup) async throws {
    var goldens: [(name: String, golden: Golden)] = []
    for item in group.cases {
      var (printed, again): ([CorpusCase.Form: String], [CorpusCase.Form: String]) = ([:], [:])
      for form in item.forms {
        let response = try await Oracle.config(item, format: form.rawValue)
        #expect(response.status == 0, "\(item): \(response.errors)")
        // Goldens don't have JSON's layout.
        let ours = try item.printed(form)
        #expect(ours == response.output, "\(item): \(Difference.first(ours, response.output))")
        printed[form] = response.output
      }
      for form in CorpusCase.Form.allCases where try await item.printedAgain(form) != nil {
        again[form] = try await item.withPrinted(form) { file in
          let copy = CorpusCase(description: item.description, files: [file].compactMap { $0 })
          let response = try await Oracle.config(
            copy, format: form.rawValue, directory: item.directory)
          return response.status == 0 ? response.output : Golden.refused
        }
      }
      goldens.append((item.description, item.golden(printed, again: again)))
    }
    let differences = try group.goldens.check(goldens)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }

  @Test("of the lists that config prints, for every case of the corpus")
  func lists() async throws {
    var goldens: [(name: String, golden: Golden)] = []
    for item in CorpusCase.all {
      let lists = try await withThrowingTaskGroup(of: (ListCase, [String]).self) { group in
        for list in ListCase.allCases { group.addTask { (list, try await list.requested(item)) } }
        return try await group.reduce(into: [ListCase: [String]]()) { $0[$1.0] = $1.1 }
      }
      for (list, theirs) in lists {
        let ours = try list.printed(item)
        #expect(ours == theirs, "\(item) \(list)")
      }
      goldens.append((item.description, try item.golden(lists)))
    }
    let differences = try ListCase.goldens.check(goldens)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }

  // All cases if goldens are being recorded.
  @Test("of files without interpolation, for each tenth case of the corpus")
  func models() async throws {
    var goldens: [(name: String, golden: Golden)] = []
    let all = CorpusCase.all
    for (index, item) in all.enumerated() where GoldenFile.isRecording || index % 10 == 0 {
      let requested = ModelCase.allCases.filter { $0.compares(item) }
      let models = try await withThrowingTaskGroup(of: (ModelCase, String).self) { group in
        for model in requested { group.addTask { (model, try await model.requested(item)) } }
        return try await group.reduce(into: [ModelCase: String]()) { $0[$1.0] = $1.1 }
      }
      goldens.append((item.description, item.golden(models)))
    }
    let differences = try ModelCase.goldens.check(goldens)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }

  @Test("of files that it refuses")
  func refused() async throws {
    var goldens: [(name: String, golden: Golden)] = []
    for item in CorpusCase.refused {
      let response = try await Oracle.config(item, format: "json")
      goldens.append((item.description, Golden(response.status == 0 ? "accepted" : Golden.refused)))
      #expect(response.status != 0, "\(item): \(response.output)")
    }
    let differences = try CorpusGroup.refused.goldens.check(goldens)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }

  @Test("of files of the kinds of public stacks", arguments: KindCase.kinds)
  func kinds(_ kind: String) async throws {
    var goldens: [(name: String, golden: Golden)] = []
    for item in KindCase.cases(of: kind) {
      let text = try await item.inDirectory { root, arguments in
        let response = try await Oracle.ask(
          arguments + ["config", "--format", "json"], environment: item.variables)
        return response.status == 0 ? Golden.compact(response.output, root: root) : Golden.refused
      }
      goldens.append((item.name, Golden(text)))
    }
    let differences = try KindCase.goldens(of: kind).check(goldens)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }

  @Test("of profiles with an empty name")
  func profiles() async throws {
    var goldens: [(name: String, golden: Golden)] = []
    for choice in ProfileTests.choices {
      let directory = try choice.directory()
      let options = choice.options.flatMap { ["--profile", $0] }
      let response = try await Oracle.ask(
        ["-p", "p", "-f", directory.file("compose.yaml")] + options + ["config", "--services"],
        environment: choice.environment)
      #expect(response.status == 0, "\(response.errors)")
      let services = response.output.split(separator: "\n").sorted().joined(separator: " ")
      goldens.append((choice.description, Golden(services)))
    }
    let differences = try ProfileTests.goldens.check(goldens)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }
}

/// Docker Compose 1.29.2 is a Python program. `compose1.py` imports its modules.
@Suite(
  "The goldens are the output of Docker Compose 1.29.2",
  .enabled(if: ProcessInfo.processInfo.environment["COMPOSE1"] != nil))
struct Compose1OracleTests {
  @Test("of the format of Compose 1, and of versions 2 and 3", arguments: Compose1.Part.allCases)
  func part(_ part: Compose1.Part) async throws {
    let differences = try part.goldens.check(try await Compose1.record(part.cases))
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }
}
