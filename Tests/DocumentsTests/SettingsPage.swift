import Foundation
import Program
import Settings

@testable import Executor
@testable import Reaping

/// docs/reference/settings.md, generated from the help of the programs, the types of their
/// settings, the samples in deploy/, and the sources.
struct SettingsPage {
  /// The path of the page.
  static let path = "docs/reference/settings.md"

  /// The other sources of a program's long options.
  struct Locations {
    /// The path of the settings file.
    var file: String
    /// The prefix of its variables.
    var prefix: String
    /// The keys of the file.
    var keys: [String]
    /// The defaults that the help does not contain.
    var standards: [String: String] = [:]
    /// The meanings of keys that are not options, from the sample of the file.
    var comments: [String: String] = [:]
  }

  private var text = ""

  /// Creates the page.
  static func text() async throws -> String {
    var page = SettingsPage()
    page.text = """
      # Settings

      Generated from the code by the tests (`SettingsPageTests`; `UPDATE_DOCS=1` updates it). Precedence: command line, environment, settings
      file. Durations are `500ms`, `10s`, `2m`, `1h`; a number without a unit is seconds.

      """
    for name in try programs() { try await page.describe(name) }
    try page.describeModule()
    try page.describeVariables()
    return page.text
  }

  /// The programs of the package, in the order of Package.swift.
  static func programs() throws -> [String] {
    try Project.text("Package.swift").matches(of: /\.executable\(\s*name: "([^"]+)"/)
      .map { String($0.1) }
  }

  private static func locations(of program: String) throws -> Locations? {
    switch program {
    case "compose-executor":
      let sample = try SampleFile("deploy/compose-executor.yaml")
      return Locations(
        file: OperatorConfiguration.standardPath, prefix: "COMPOSE_EXECUTOR",
        keys: known(in: "nonsense: 1").filter { $0 != "allow" && $0 != "defaults" },
        standards: sample.values,
        comments: sample.comments)
    case "pod-reaper", "pod-hook-notify":
      var standards: [String: String] = [:]
      for name in SettingName.allCases { standards[name.rawValue] = name.standard }
      return Locations(
        file: SettingsFile.reapersPath, prefix: "POD_REAPER",
        keys: SettingName.allCases.map(\.rawValue), standards: standards)
    default: return nil
    }
  }

  /// The keys of the operator's file. The error about an unknown key lists them.
  private static func known(in text: String) -> [String] {
    do {
      _ = try OperatorConfiguration(text: text, file: "f")
      return []
    } catch {
      let words = "\(error)".split(separator: "known are ").last ?? ""
      return words.split(separator: ", ").map(String.init)
    }
  }

  // MARK: A program

  private mutating func describe(_ program: String) async throws {
    let dump = try await HelpDump.of(program)
    let locations = try Self.locations(of: program)
    text += "\n## \(program)\n"
    if program == "compose-executor" {
      text +=
        "\nUnder Mesos it has no command line: the agent and the task supply IDs, ports and grace.\n"
    }
    if let locations { describeSettings(of: dump, locations) }
    describeOptions(of: dump, locations)
    if program == "compose-executor" {
      try describeDefaults()
      try describePermissions()
      try describeLabels(dump)
    }
  }

  private mutating func describeSettings(of dump: HelpDump, _ locations: Locations) {
    let program = dump.command.commandName
    var rows: [[String]] = []
    for key in locations.keys.sorted() {
      let uses = dump.commands.flatMap { name, command in
        (command.arguments ?? []).filter { $0.long == key }.map { (name: name, argument: $0) }
      }
      // Only the settings that this program reads, if the file is another program's.
      if uses.isEmpty, !locations.file.hasSuffix("/\(program).yaml") { continue }
      let standard = uses.lazy.compactMap(\.argument.standard).first
      let variable = SettingVariable.name(of: key, prefix: locations.prefix)
      rows.append([
        "`\(key)`",
        OperatorConfiguration.ownNames.contains(key) ? "none: in the file only" : "`\(variable)`",
        uses.map { "`\(Self.shown($0.name))`" }.joined(separator: ", "),
        Self.code(locations.standards[key]) ?? standard.map { Self.code($0) ?? $0 } ?? "",
        uses.first?.argument.meaning ?? locations.comments[key] ?? "",
      ])
    }
    text +=
      "\nKeys of `\(locations.file)`. Each is also the variable in its row, and a long option `--KEY` of the commands listed, if there are any.\n\n"
    text += Self.table(["key", "variable", "option of", "default", "meaning"], rows)
  }

  private mutating func describeOptions(of dump: HelpDump, _ locations: Locations?) {
    var rows: [[String]] = []
    for (name, command) in dump.commands {
      for argument in command.arguments ?? [] where argument.shouldDisplay {
        let key = argument.long ?? ""
        if ["help", "version"].contains(key) || locations?.keys.contains(key) == true { continue }
        var words = argument.meaning
        if key == "config", let locations {
          words += " Variable: `\(SettingVariable.name(of: key, prefix: locations.prefix))`."
        }
        rows.append([
          "`\(Self.shown(name))`", "`\(argument.spelling)`",
          argument.standard.map { Self.code($0) ?? $0 } ?? "", words,
        ])
      }
    }
    if rows.isEmpty { return }
    text += "\n### On the command line only: \(dump.command.commandName)\n\n"
    text += Self.table(["command", "option", "default", "meaning"], Self.joined(rows))
  }

  /// A command's name without its program's. The default command has the program's name.
  private static func shown(_ command: String) -> String {
    let words = command.split(separator: " ").filter { $0 != "serve" }
    return String(words.last ?? "")
  }

  /// One row for an option that several commands share.
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

  // MARK: Tasks

  private mutating func describeDefaults() throws {
    text += """

      ### What containers get

      Keys of the section `defaults:` in `\(OperatorConfiguration.standardPath)`. A default applies to each container whose Compose file does not set it, and
      needs no permission of `allow`. If `enforce` lists a default, a file with a weaker value is refused with its line, and the task's
      labels and variables cannot override it. An enforced `shm-size` also refuses mounts at /dev/shm and `ipc` of another container,
      `proxies` refuses every proxy variable that the operator does not set, and `logging` refuses another driver in
      `COMPOSE_EXECUTOR_LOGGING`. [deploy/defaults.yaml](../../deploy/defaults.yaml) is an example.


      """
    try describe(section: "defaults")
  }

  private mutating func describePermissions() throws {
    text += """

      ### What pods may request from the host

      Keys of the section `allow:` in `\(OperatorConfiguration.standardPath)`. Without `allow`, everything is permitted. With it, only what it lists is permitted
      ([details](../security.md#what-allow-restricts)).


      """
    try describe(section: "allow")
  }

  private mutating func describe(section: String) throws {
    let sample = try SampleFile("deploy/compose-executor.yaml")
    text += Self.table(
      ["key", "example", "meaning"],
      Self.known(in: "\(section): {nonsense: 1}").map { key in
        let name = "\(section).\(key)"
        return [
          "`\(key)`", sample.values[name].map { "`\($0)`" } ?? "", sample.comments[name] ?? "",
        ]
      })
  }

  private mutating func describeLabels(_ dump: HelpDump) throws {
    let rows = try Self.rowsOfPages()
    let arguments = dump.commands.flatMap { $0.command.arguments ?? [] }
    text += """

      ### Labels of a task

      A dotted prefix is accepted, as Aurora writes it: `org.apache.aurora.metadata.fileName`.


      """
    text += Self.table(
      ["label", "meaning"],
      Self.labels().map { label in
        let option = label.replacing("pod.", with: "").replacing("_", with: "-")
        return [
          "`\(label)`",
          rows.first { $0.first == "`\(label)`" }?.last
            ?? arguments.first { $0.long == option }?.abstract ?? "",
        ]
      })
  }

  /// The labels that the executor reads.
  private static func labels() -> [String] { (["fileName"] + Settings.taskLabels).sorted() }

  /// The rows of all tables in the hand-written pages. Their links work in this page.
  private static func rowsOfPages() throws -> [[String]] {
    try Project.files(below: ["docs", "deploy"], endings: ["md"])
      .filter { !$0.hasPrefix("docs/reference/") }
      .flatMap { page in
        let tables = MarkdownTable.all(in: try Project.text(page))
        return tables.flatMap(\.rows).map { row in row.map { cell in moved(cell, from: page) } }
      }
  }

  /// A cell of another page, with relative links rewritten for this page.
  private static func moved(_ cell: String, from page: String) -> String {
    cell.replacing(/\]\(([^):#]*)(#[^)]*)?\)/) { link in
      let target = link.1.isEmpty ? page : directory(of: page) + link.1
      return "](" + relative(target) + (link.2.map(String.init) ?? "") + ")"
    }
  }

  /// A path below the source tree, relative to this page's directory.
  private static func relative(_ target: String) -> String {
    let parts = URL(fileURLWithPath: "/" + target).standardized.path.split(separator: "/")
    let own = path.split(separator: "/").dropLast()
    let shared = zip(parts, own).prefix { $0 == $1 }.count
    let up = Array(repeating: "..", count: own.count - shared)
    return (up + parts.dropFirst(shared).map(String.init)).joined(separator: "/")
  }

  /// The directory of a page, with a trailing slash. Empty for the root of the source tree.
  private static func directory(of page: String) -> String {
    page.lastIndex(of: "/").map { String(page[...$0]) } ?? ""
  }

  // MARK: The hook module, and variables of other programs

  private mutating func describeModule() throws {
    let names = try Project.text("cshim/mesos-module/PodHook.cpp")
      .matches(of: /parameter\.key\(\) == "([a-z_]+)"/).map { String($0.1) }
    let rows = try Self.rowsOfPages()
    text += "\n## The agent's hook module\n\nParameters of `org_compose_executor_PodHook`.\n\n"
    text += Self.table(
      ["parameter", "default", "meaning"],
      names.map { name in
        ["`\(name)`"] + (rows.first { $0.first == "`\(name)`" }?.dropFirst() ?? ["", ""])
      })
  }

  private mutating func describeVariables() throws {
    var readers: [String: Set<String>] = [:]
    for file in try Project.files(below: ["Sources"], endings: ["swift"]) {
      let target = String(file.split(separator: "/")[1])
      let source = try Project.text(file)
      let named = /"((?:MESOS|DOCKER|COMPOSE|NOTIFY|WATCHDOG|JOURNAL|SSL_CERT)_[A-Z_]+|HOME|PORTS)"/
      for found in source.matches(of: named) {
        readers[String(found.1), default: []].insert(target)
      }
      for found in source.matches(of: /environment\["([A-Za-z_]+)"\]/) {
        readers[String(found.1), default: []].insert(target)
      }
      for found in source.matches(of: /tlsName\("([A-Z_]+)"\)|"((?:VERIFY|REQUIRE)_[A-Z_]+)"/) {
        readers["LIBPROCESS_SSL_\(found.1 ?? found.2 ?? "")", default: []].insert(target)
      }
    }
    // Prefixes, and variables of the settings above.
    readers = readers.filter {
      !$0.key.hasSuffix("_") && $0.key != "COMPOSE_EXECUTOR" && !$0.key.hasPrefix("POD_REAPER_")
    }
    text += """

      ## Other variables

      Variables that the programs read in addition to the settings above. The agent, the framework, or the agent's
      `--executor_environment_variables` set those of an executor. `SSL_…` is used where `LIBPROCESS_SSL_…` is not set.


      """
    text += Self.table(
      ["variable", "meaning", "read by"],
      readers.sorted { $0.key < $1.key }.map { name, targets in
        ["`\(name)`", Self.variables[name] ?? "", targets.sorted().joined(separator: ", ")]
      })
  }

  // MARK: Formatting

  /// A value as code. Nil for a phrase or an empty text.
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
