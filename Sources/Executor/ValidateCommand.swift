import ArgumentParser
import Compose
import ComposeArguments
import Linux
import Program
import YAML

/// `compose-executor validate`: prints all errors of files, each of which is a separate project.
struct ValidateCommand: AsyncParsableCommand, PlainCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Print all errors of Compose files, each read separately.",
    discussion: """
      The errors are printed on standard output by file, line and column, warnings on standard error.
      """)

  /// The format of the errors.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json, github
  }

  @Argument(help: "A Compose file.", completion: .file())
  var file: [String]

  @Option(
    help:
      "The format: text (FILE:LINE:COLUMN: MESSAGE), json (one array) or github (annotations of GitHub Actions). Default: text."
  )
  var format: Format?

  @OptionGroup var reading: ReadingOptions

  func runAlone() throws -> Bool {
    if file.contains("-") {
      throw CommandError("validate reads files, not standard input", code: CommandError.usage)
    }
    var environment = ProcessEnvironment.current
    if environment["PWD"] == nil { environment["PWD"] = RealPath.workingDirectory }
    var found: [DiagnosticError] = []
    let contents = FileContents()
    for file in Set(file).sorted() {
      var options = LoadOptions(
        files: [file], envFiles: reading.envFile, profiles: reading.profile,
        environment: reading.given(environment), fallbackEnvironment: environment)
      options.contents = contents
      let (faults, warnings) = ComposeLoader.faults(options)
      for warning in warnings {
        StandardError.line("compose-executor: \(warning.position): \(warning.value)")
      }
      found += faults
    }
    StandardOutput.write(FaultReport(found, contents).text(format ?? .text))
    if !found.isEmpty { throw ExitCode(1) }
    return true
  }

  func run() async throws {}
}

/// The errors of files, in the format of the output.
struct FaultReport {
  private let faults: [DiagnosticError]
  private let contents: FileContents

  /// The errors of several files. Duplicates are removed.
  init(_ faults: [DiagnosticError], _ contents: FileContents) {
    self.contents = contents
    var seen: Set<String> = []
    self.faults = faults.sorted(by: ComposeLoader.precedes).filter {
      seen.insert($0.description).inserted
    }
  }

  func text(_ format: ValidateCommand.Format) -> String {
    switch format {
    case .text:
      return faults.map { Printable.text("\($0)", limit: 65_536) + "\n" }.joined()
    case .github: return faults.map { Self.annotation($0) + "\n" }.joined()
    case .json: return json + "\n"
    }
  }

  private var json: String {
    let location = SourcePosition(file: "", line: 1, column: 1)
    var trees: [String: FileKeys] = [:]
    let items = faults.map { fault in
      var item = YAMLNode(mappingAt: location)
      func set(_ key: String, _ content: YAMLNode.Content?) {
        item.set(key, YAMLNode(content ?? .null, at: location))
      }
      let position = fault.position
      if let file = position?.file, trees[file] == nil {
        trees[file] = FileKeys(ofFile: file, contents)
      }
      set("file", (position?.file ?? fault.file).map { .string($0) })
      set("line", position.map { .integer(Int64($0.line)) })
      set("column", position.map { .integer(Int64($0.column)) })
      set("key", position.flatMap { trees[$0.file]?.keys(to: $0) }.map { .string($0) })
      set("message", .string(fault.message))
      return item
    }
    let bytes = JSONWriter.compact(YAMLNode(.sequence(items), at: location))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A workflow command of GitHub Actions. Characters that would end it or one of its values are
  /// escaped.
  private static func annotation(_ fault: DiagnosticError) -> String {
    let message = escaped(fault.message)
    guard let name = fault.position?.file ?? fault.file else { return "::error::\(message)" }
    let file = escaped(name).replacing(":", with: "%3A").replacing(",", with: "%2C")
    guard let position = fault.position else { return "::error file=\(file)::\(message)" }
    return "::error file=\(file),line=\(position.line),col=\(position.column)::\(message)"
  }

  private static func escaped(_ text: String) -> String {
    String(
      text.unicodeScalars.flatMap { scalar -> String.UnicodeScalarView in
        switch scalar {
        case "%": "%25".unicodeScalars
        case "\r": "%0D".unicodeScalars
        case "\n": "%0A".unicodeScalars
        default: Printable.text(String(Character(scalar))).unicodeScalars
        }
      }.map(Character.init))
  }
}
