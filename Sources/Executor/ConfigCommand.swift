import ArgumentParser
import Compose
import DockerEngine
import Glibc
import PodRuntime
import Program
import Settings
import YAML
import Linux
import ComposeArguments
import SystemPackage

/// `compose-executor config`: the resolved file, with the structure of `docker compose config`.
struct ConfigCommand: AsyncParsableCommand, PlainCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Print the resolved Compose file, or with --pod the pod that `run` would start.")

  /// The format of the output.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case yaml, json
  }

  @OptionGroup var files: FileOptions
  @OptionGroup var task: TaskOptions

  @Option(name: [.customShort("p"), .long], help: "The project's name.")
  var projectName: String?

  @Option(help: "The format: yaml or json. Default: yaml.")
  var format: Format?

  @Flag(help: "Print the networks, volumes and containers that `run` would create.")
  var pod = false

  @Flag(
    help:
      "Print the smallest `allow:` of /etc/compose-executor.yaml with which `run` accepts the file."
  )
  var checkPolicy = false

  @OptionGroup var list: ConfigListOptions

  @Flag(name: .shortAndLong, help: "Print nothing; the exit code shows whether the file is valid.")
  var quiet = false

  @Option(
    name: .shortAndLong,
    help: "The file to write instead of standard output. It is replaced atomically.",
    completion: .file())
  var output: String?

  /// Without --pod the command needs no engine and nothing else that is asynchronous.
  func runAlone() throws -> Bool {
    if let conflict { throw CommandError(conflict, code: CommandError.usage) }
    if pod { return false }
    do {
      if checkPolicy {
        try printPolicy()
        return true
      }
      if list.isOfModel {
        let text = try printedModel()
        try put(text)
        return true
      }
      let project = try resolved().project
      if let lines = try list.lines(of: project) {
        try put(lines.map { $0 + "\n" }.joined())
      } else {
        try put(Self.whole(format == .json ? try project.json() : project.yaml()))
      }
      return true
    } catch {
      throw CommandError(of: error)
    }
  }

  /// The output of --variables and --no-interpolate.
  private func printedModel() throws -> String {
    let environment = ProcessEnvironment.current
    var options = files.loading(
      name: projectName, confine: false, bound: try task.bound(), ports: nil,
      environment: environment)
    options.normalizes = !list.noNormalize
    let model = try ComposeLoader.model(options)
    for warning in model.warnings { warn("\(warning.position): \(warning.value)") }
    guard list.variables else { return Self.whole(format == .json ? model.json : model.yaml) }
    if format == .json { return Self.whole(model.variablesJSON) }
    return VariableTable.text(model.variables)
  }

  /// Prints the output of --pod.
  func run() async throws {
    do {
      let (project, request) = try resolved()
      let engine = try DockerEngine(environment: ProcessEnvironment.current)
      let plan = try await PodPreparation(request: request(), engine: engine).plan()
      for warning in plan.warnings.dropFirst(project.warnings.count) { warn(warning) }
      try put(Self.whole(try plan.json()))
    } catch {
      throw CommandError(of: error)
    }
  }

  /// Prints the output of --check-policy. A file that no policy permits is an error.
  private func printPolicy() throws {
    let environment = ProcessEnvironment.current
    let settings = Settings(environment: environment, file: try OperatorConfiguration())
    let ids = try task.ids(settings)
    let engine = try DockerEngine(environment: environment)
    let advice = try PolicyAdvice { policy in
      let project = try files.project(
        name: projectName, confine: true, bound: try task.bound(),
        readableDirectories: policy.readableDirectories, podName: ids.podName(of:),
        ports: task.offeredPorts(settings), environment: environment)
      var request = try task.request(for: project, ids: ids, settings: settings)
      request.policy = policy
      _ = try PodPreparation(request: request, engine: engine)
    }
    if let refusal = advice.refusal { throw refusal }
    try put(advice.text)
  }

  /// The project, and a function that makes a pod's request from it. Warnings of the file are
  /// printed.
  private func resolved() throws -> (project: Project, request: () throws -> PodRequest) {
    let environment = ProcessEnvironment.current
    let settings = Settings(environment: environment, file: try OperatorConfiguration())
    let ports = try task.offeredPorts(settings)
    let ids = try task.ids(settings)
    let project = try files.project(
      name: projectName, confine: pod, bound: try task.bound(),
      podName: pod ? ids.podName(of:) : nil, ports: ports, environmentOf: list.environmentOf,
      normalizes: !list.noNormalize, environment: environment)
    for warning in project.warnings { warn("\(warning.position): \(warning.value)") }
    return (project, { try task.request(for: project, ids: ids, settings: settings) })
  }

  /// The error for two options of which one would have no effect; nil where there are none.
  private var conflict: String? {
    let kinds = [("--pod", pod), ("--check-policy", checkPolicy)].filter(\.1).map(\.0) + list.given
    if kinds.count > 1 { return "\(kinds[0]) and \(kinds[1]) exclude each other" }
    if let kind = kinds.first {
      if list.noInterpolate { return "--no-interpolate and \(kind) exclude each other" }
      if list.noNormalize, kind.hasSuffix("y") || kind == "--pod" {
        return "--no-normalize and \(kind) exclude each other"
      }
      if kind != "--pod" {
        if quiet { return "--quiet and \(kind) exclude each other" }
        if format != nil, kind != "--variables" { return "--format has no effect on \(kind)" }
      }
    }
    return quiet && output != nil ? "--quiet and --output exclude each other" : nil
  }

  private func put(_ text: String) throws {
    if quiet { return }
    guard let output else {
      StandardOutput.write(text)
      return
    }
    do {
      try WholeFile.write(text, to: output)
    } catch let error as Errno {
      throw DiagnosticError("\(output) can't be written: \(error)")
    }
  }

  private func warn(_ text: String) { StandardError.line("compose-executor: \(text)") }

  private static func whole(_ text: String) -> String { text.hasSuffix("\n") ? text : text + "\n" }
}

extension CommandError {
  /// The failure of a command that could not read its files. Warnings that were found before the
  /// failure are printed first.
  init(of error: any Error) {
    for warning in (error as? DiagnosticError)?.warnings ?? [] {
      StandardError.line("compose-executor: \(warning.position): \(warning.value)")
    }
    self.init("\(error)", code: error is ConfigurationError ? Self.usage : 1)
  }
}
