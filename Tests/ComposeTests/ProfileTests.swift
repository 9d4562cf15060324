import Compose
import Foundation
import OrderedCollections
import Testing
import YAML

@Suite("Profiles whose name is empty")
struct ProfileTests {
  private static let file = """
    services:
      a: {image: a, profiles: ["", web]}
      b: {image: b}
      c: {image: c, profiles: [web]}
      d: {image: d, profiles: ["${UNSET-}"]}
      e: {image: e, profiles: []}
    """

  /// Values of COMPOSE_PROFILES, nil for unset, and of `--profile`.
  static let choices: [(variable: String?, options: [String])] = [
    (nil, []), ("", []), (" ", []), ("x", []), ("x,", []), (",x", []), ("x, ,y", []), (",", []),
    ("*", []), ("x,*", []), ("web", []), (nil, ["x"]), (nil, [""]), (nil, [" "]), ("", ["x"]),
    (nil, ["*"]), (nil, ["x,web"]), ("web", ["x"]), (nil, ["x", ""]),
  ]

  @Test(
    "are enabled where Docker Compose enables them, from everywhere", arguments: choices.indices)
  func parity(index: Int) async throws {
    let (variable, profiles) = Self.choices[index]
    for isInFile in [false, true] where variable != nil || !isInFile {
      let folder = try Folder(["compose.yaml": Self.file])
      if isInFile, let variable { try folder.write(".env", "COMPOSE_PROFILES='\(variable)'\n") }
      var environment: [String: String] = [:]
      if !isInFile { environment["COMPOSE_PROFILES"] = variable }
      let program = try #require(Oracle.program)
      let oracle = try await Oracle.output(
        of: program,
        ["-p", "p", "-f", folder.file("compose.yaml")] + profiles.flatMap { ["--profile", $0] }
          + ["config", "--services"], environment: environment)
      #expect(oracle.status == 0, "\(oracle.errors)")
      let project = try ComposeLoader.load(
        LoadOptions(
          files: [folder.file("compose.yaml")], projectName: "p", profiles: profiles,
          environment: environment))
      let theirs = Set(oracle.output.split(separator: "\n").map(String.init))
      #expect(Set(project.services.keys) == theirs)
    }
  }

  @Test("are a warning with their place, which says whether they are enabled")
  func warned() throws {
    for (profiles, word) in [([], "it is enabled"), (["x"], "it is not enabled")] {
      let folder = try Folder(["compose.yaml": Self.file])
      let project = try ComposeLoader.load(
        LoadOptions(files: [folder.file("compose.yaml")], projectName: "p", profiles: profiles))
      let warnings = project.warnings.filter { $0.value.contains("has an empty name") }
      #expect(warnings.map(\.position.line) == [2, 5])
      #expect(warnings.map(\.position.column) == [28, 28])
      #expect(warnings.allSatisfy { $0.value.contains(word) }, "\(warnings)")
    }
  }

  @Test("and services that are left out are kept with their profiles and their place")
  func disabled() throws {
    let project = try load(Self.file)
    #expect(project.disabledServices.map(\.name) == ["c"])
    #expect(project.disabledServices.first?.profiles == ["web"])
    #expect(project.disabledServices.first?.position.line == 4)
  }
}
