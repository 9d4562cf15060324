import Foundation
import Program
import Settings

@testable import Executor
@testable import Reaping

/// docs/reference/settings.md, made from the programs' own help, their settings' types, the samples in deploy/ and the sources.
struct SettingsPage {
  /// A program whose long options can be set elsewhere as well.
  struct Places {
    /// Where the settings file lies.
    var file: String
    /// What its variables begin with.
    var prefix: String
    /// The keys of the file.
    var keys: [String]
    /// What is so where nobody says anything, where the help doesn't tell.
    var standards: [String: String] = [:]
    /// What keys mean that are no options, by the sample of the file.
    var comments: [String: String] = [:]
  }

  private var text = ""

  /// Makes the page.
  static func text() async throws -> String {
    var page = SettingsPage()
    page.text = """
      # Every setting

      Generated from the code by the tests (`SettingsPageTests`; `UPDATE_DOCS=1` writes it anew). What is said in several places counts in
      this order: command line, environment, file. Durations are `500ms`, `10s`, `2m`, `1h`; a bare number is seconds.

      """
    for name in try programs() { try await page.describe(name) }
    try page.describeModule()
    try page.describeVariables()
    return page.text
  }

  /// The programs that the package makes, in the order of Package.swift.
  static func programs() throws -> [String] {
    try Project.text("Package.swift").matches(of: /\.executable\(\s*name: "([^"]+)"/)
      .map { String($0.1) }
  }

  private static func places(of program: String) throws -> Places? {
    switch program {
    case "compose-executor":
      let sample = try SampleFile("deploy/compose-executor.yaml")
      return Places(
        file: OperatorFile.standardPath, prefix: "COMPOSE_EXECUTOR",
        keys: known(in: "nonsense: 1").filter { $0 != "allow" && $0 != "defaults" },
        standards: sample.values,
        comments: sample.comments)
    case "pod-reaper", "pod-hook-notify":
      var standards: [String: String] = [:]
      for name in SettingName.allCases { standards[name.rawValue] = name.standard }
      return Places(
        file: SettingsFile.reapersPath, prefix: "POD_REAPER",
        keys: SettingName.allCases.map(\.rawValue), standards: standards)
    default: return nil
    }
  }

  /// What the operator's file may hold, by the code's own word: it lists what it knows when it meets something else.
  private static func known(in text: String) -> [String] {
    do {
      _ = try OperatorFile(text: text, file: "f")
      return []
    } catch {
      let words = "\(error)".split(separator: "known are ").last ?? ""
      return words.split(separator: ", ").map(String.init)
    }
  }

  // MARK: A program

  private mutating func describe(_ program: String) async throws {
    let dump = try await HelpDump.of(program)
    let places = try Self.places(of: program)
    text += "\n## \(program)\n"
    if program == "compose-executor" {
      text +=
        "\nUnder Mesos it has no command line, and the task says its IDs, ports and grace itself.\n"
    }
    if let places { describeSettings(of: dump, places) }
    describeOptions(of: dump, places)
    if program == "compose-executor" {
      try describeDefaults()
      try describePermissions()
      try describeLabels(dump)
    }
  }

  private mutating func describeSettings(of dump: HelpDump, _ places: Places) {
    let program = dump.command.commandName
    var rows: [[String]] = []
    for key in places.keys.sorted() {
      let uses = dump.commands.flatMap { name, command in
        (command.arguments ?? []).filter { $0.long == key }.map { (name: name, argument: $0) }
      }
      // Of another program's file only what this one reads.
      if uses.isEmpty, !places.file.hasSuffix("/\(program).yaml") { continue }
      let standard = uses.lazy.compactMap(\.argument.standard).first
      let variable = SettingVariable.name(of: key, prefix: places.prefix)
      rows.append([
        "`\(key)`",
        OperatorFile.ownNames.contains(key) ? "none: the operator's alone" : "`\(variable)`",
        uses.map { "`\(Self.shown($0.name))`" }.joined(separator: ", "),
        Self.code(places.standards[key]) ?? standard.map { Self.code($0) ?? $0 } ?? "",
        uses.first?.argument.meaning ?? places.comments[key] ?? "",
      ])
    }
    text +=
      "\nKeys of `\(places.file)`, each also a variable, and a long option `--KEY` of these commands.\n\n"
    text += Self.table(["key", "variable", "option of", "default", "is"], rows)
  }

  private mutating func describeOptions(of dump: HelpDump, _ places: Places?) {
    var rows: [[String]] = []
    for (name, command) in dump.commands {
      for argument in command.arguments ?? [] where argument.shouldDisplay {
        let key = argument.long ?? ""
        if ["help", "version"].contains(key) || places?.keys.contains(key) == true { continue }
        var words = argument.meaning
        if key == "config", let places {
          words += " Variable: `\(SettingVariable.name(of: key, prefix: places.prefix))`."
        }
        rows.append([
          "`\(Self.shown(name))`", "`\(argument.spelling)`",
          argument.standard.map { Self.code($0) ?? $0 } ?? "", words,
        ])
      }
    }
    if rows.isEmpty { return }
    text += "\n### On the command line alone: \(dump.command.commandName)\n\n"
    text += Self.table(["command", "option", "default", "is"], Self.joined(rows))
  }

  /// A command's name without its program's; the one that is meant where none is named goes by the program's.
  private static func shown(_ command: String) -> String {
    let words = command.split(separator: " ").filter { $0 != "serve" }
    return String(words.last ?? "")
  }

  /// Options that several commands share, in one row.
  private static func joined(_ rows: [[String]]) -> [[String]] {
    var result: [[String]] = []
    for row in rows {
      if let index = result.firstIndex(where: { $0.dropFirst() == row.dropFirst() }) {
        result[index][0] += ", " + row[0]
      } else {
        result.append(row)
      }
    }
    return result
  }

  // MARK: What tasks may ask, and say

  private mutating func describeDefaults() throws {
    text += """

      ### What containers get

      Keys below `defaults:` in `\(OperatorFile.standardPath)`, for each container whose file says nothing of it. A default needs no
      permission of `allow`. Where `enforce` lists one, a file that is weaker is refused with its line;
      labels and variables of the task don't count against an enforced one. An enforced `shm-size` refuses mounts at /dev/shm and another's `ipc`,
      `proxies` every proxy variable that the operator doesn't set, and `logging` another driver by `COMPOSE_EXECUTOR_LOGGING`.
      [deploy/defaults.yaml](../deploy/defaults.yaml) is an example.


      """
    try describe(section: "defaults", ["key", "such as", "gives"])
  }

  private mutating func describePermissions() throws {
    text += """

      ### What pods may ask of the host

      Keys below `allow:` in `\(OperatorFile.standardPath)`. Without `allow` all is permitted; with it, only what it lists.


      """
    try describe(section: "allow", ["key", "such as", "permits"])
  }

  private mutating func describe(section: String, _ head: [String]) throws {
    let sample = try SampleFile("deploy/compose-executor.yaml")
    text += Self.table(
      head,
      Self.known(in: "\(section): {nonsense: 1}").map { key in
        let name = "\(section).\(key)"
        return [
          "`\(key)`", sample.values[name].map { "`\($0)`" } ?? "", sample.comments[name] ?? "",
        ]
      })
  }

  private mutating func describeLabels(_ dump: HelpDump) throws {
    let pages = try Project.files(below: ["deploy", "docs"], endings: ["md"])
      .filter { $0 != "docs/reference/settings.md" }.map(Project.text)
    let rows = pages.flatMap { MarkdownTable.all(in: $0) }.flatMap(\.rows)
    let arguments = dump.commands.flatMap { $0.command.arguments ?? [] }
    text += """

      ### Labels of a task

      Also behind a dotted prefix, as Aurora writes them: `org.apache.aurora.metadata.fileName`.


      """
    text += Self.table(
      ["label", "says"],
      try Self.labels().map { label in
        let option = label.replacing("pod.", with: "").replacing("_", with: "-")
        return [
          "`\(label)`",
          rows.first { $0.first == "`\(label)`" }?.last
            ?? arguments.first { $0.long == option }?.abstract ?? "",
        ]
      })
  }

  /// The labels that the executor reads: by their names, and those of a pod's options.
  private static func labels() throws -> [String] {
    var names: Set<String> = []
    for file in try Project.files(below: ["Sources/Executor"], endings: ["swift"]) {
      let source = try Project.text(file)
      for found in source.matches(of: /"(fileName|pod\.[a-z][a-z0-9_.-]*)"/) {
        names.insert(String(found.1))
      }
      for options in source.matches(of: /podOptions: Set<String> = \[([^\]]*)\]/) {
        for option in options.1.matches(of: /"([a-z-]+)"/) {
          names.insert("pod." + option.1.replacing("-", with: "_"))
        }
      }
    }
    return names.sorted()
  }

  // MARK: The module, and what others set

  private mutating func describeModule() throws {
    let names = try Project.text("cshim/mesos-module/PodHook.cpp")
      .matches(of: /parameter\.key\(\) == "([a-z_]+)"/).map { String($0.1) }
    let rows = MarkdownTable.all(in: try Project.text("docs/operate.md")).flatMap(\.rows)
    text += "\n## The agent's hook module\n\nParameters of `org_compose_executor_PodHook`.\n\n"
    text += Self.table(
      ["parameter", "default", "is"],
      names.map { name in
        ["`\(name)`"] + (rows.first { $0.first == "`\(name)`" }?.dropFirst() ?? ["", ""])
      })
  }

  private mutating func describeVariables() throws {
    var readers: [String: Set<String>] = [:]
    for file in try Project.files(below: ["Sources"], endings: ["swift"]) {
      let target = String(file.split(separator: "/")[1])
      let pattern = /"((?:MESOS|DOCKER|COMPOSE|NOTIFY|WATCHDOG)_[A-Z_]+|HOME|PORTS)"/
      for found in try Project.text(file).matches(of: pattern) {
        readers[String(found.1), default: []].insert(target)
      }
      for found in try Project.text(file).matches(
        of: /tlsName\("([A-Z_]+)"\)|"((?:VERIFY|REQUIRE)_[A-Z_]+)"/)
      {
        readers["LIBPROCESS_SSL_\(found.1 ?? found.2 ?? "")", default: []].insert(target)
      }
    }
    // Beginnings of names.
    readers = readers.filter { !$0.key.hasSuffix("_") && $0.key != "COMPOSE_EXECUTOR" }
    text += """

      ## Variables that others set

      What is read besides the settings above. An executor's are set by the agent, by the framework, or by the agent's
      `--executor_environment_variables`; `SSL_…` does where `LIBPROCESS_SSL_…` isn't set.


      """
    text += Self.table(
      ["variable", "says", "read in"],
      readers.sorted { $0.key < $1.key }.map { name, targets in
        ["`\(name)`", Self.variables[name] ?? "", targets.sorted().joined(separator: ", ")]
      })
  }

  // MARK: Words

  /// A value as code; nil for words of a sentence, or none.
  private static func code(_ text: String?) -> String? {
    guard let text, !text.isEmpty else { return nil }
    let isWords = text.contains(" ") && !text.hasPrefix("compose-") && !text.hasPrefix("pod-")
    return isWords ? nil : "`\(text)`"
  }

  private static func table(_ head: [String], _ rows: [[String]]) -> String {
    let lines = [head, head.map { _ in "---" }] + rows
    return lines.map { cells in
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
    }.joined()
  }
}
