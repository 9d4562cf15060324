import Compose
import Foundation
import OrderedCollections
import Testing
import YAML

@Suite("Profiles with an empty name")
struct ProfileTests {
  fileprivate static let file = """
    services:
      a: {image: a, profiles: ["", web]}
      b: {image: b}
      c: {image: c, profiles: [web]}
      d: {image: d, profiles: ["${UNSET-}"]}
      e: {image: e, profiles: []}
    """

  /// A value of COMPOSE_PROFILES (nil for unset) and values of `--profile`.
  struct Choice: CustomStringConvertible {
    let variable: String?
    let options: [String]
    /// Whether the variable is set in `.env`.
    let isInFile: Bool

    var description: String {
      let variable = variable.map { (isInFile ? ".env " : "env ") + "[\($0)]" } ?? "unset"
      return variable + options.map { " --profile [\($0)]" }.joined()
    }
    var environment: [String: String] {
      isInFile ? [:] : ["COMPOSE_PROFILES": variable].compactMapValues(\.self)
    }

    /// Creates a directory with the files.
    func directory() throws -> Directory {
      let directory = try Directory(["compose.yaml": ProfileTests.file])
      if isInFile, let variable { try directory.write(".env", "COMPOSE_PROFILES='\(variable)'\n") }
      return directory
    }
  }

  static let choices = [
    (nil, []), ("", []), (" ", []), ("x", []), ("x,", []), (",x", []), ("x, ,y", []), (",", []),
    ("*", []), ("x,*", []), ("web", []), (nil, ["x"]), (nil, [""]), (nil, [" "]), ("", ["x"]),
    (nil, ["*"]), (nil, ["x,web"]), ("web", ["x"]), (nil, ["x", ""]),
  ].flatMap { (variable: String?, options: [String]) in
    (variable == nil ? [false] : [false, true]).map {
      Choice(variable: variable, options: options, isInFile: $0)
    }
  }

  /// The enabled services of each choice.
  static let goldens = GoldenFile("Goldens/empty-profiles")

  @Test("are enabled as by Docker Compose, whatever their source")
  func parity() throws {
    let goldens = try Self.goldens.stored()
    #expect(try Self.goldens.strays(among: Self.choices.map(\.description)) == [])
    for choice in Self.choices {
      let directory = try choice.directory()
      let project = try ComposeLoader.load(
        LoadOptions(
          files: [directory.file("compose.yaml")], projectName: "p", profiles: choice.options,
          environment: choice.environment))
      let ours = project.services.keys.sorted().joined(separator: " ")
      #expect(ours == goldens[choice.description]?.text, "\(choice)")
    }
  }

  @Test("cause a warning with the position, and whether they are enabled")
  func warned() throws {
    for (profiles, word) in [([], "it is enabled"), (["x"], "it is not enabled")] {
      let directory = try Directory(["compose.yaml": Self.file])
      let project = try ComposeLoader.load(
        LoadOptions(files: [directory.file("compose.yaml")], projectName: "p", profiles: profiles))
      let warnings = project.warnings.filter { $0.value.contains("has an empty name") }
      #expect(warnings.map(\.position.line) == [2, 5])
      #expect(warnings.map(\.position.column) == [28, 28])
      #expect(warnings.allSatisfy { $0.value.contains(word) }, "\(warnings)")
    }
  }

  @Test("leave disabled services with their profiles and positions")
  func disabled() throws {
    let project = try load(Self.file)
    #expect(project.disabledServices.map(\.name) == ["c"])
    #expect(project.disabledServices.first?.profiles == ["web"])
    #expect(project.disabledServices.first?.position.line == 4)
  }
}
