import ArgumentParser
import Compose
import DockerEngine
import Glibc
import PodRuntime
import Program
import YAML
import Linux
import ComposeArguments

/// `compose-executor config`: the resolved file, in the shape of `docker compose config`.
struct ConfigCommand: AsyncParsableCommand, PlainCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Print the resolved Compose file, or with --pod what would be started.")

  /// How the file is printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case yaml, json
  }

  @OptionGroup var files: FileOptions
  @OptionGroup var task: TaskOptions

  @Option(name: [.customShort("p"), .long], help: "The project's name.")
  var projectName: String?

  @Option(help: "yaml or json.")
  var format: Format = .yaml

  @Flag(help: "Print the networks, volumes and containers that `run` would create.")
  var pod = false

  @Flag(
    help: "Print the least `allow:` of /etc/compose-executor.yaml under which `run` takes the file."
  )
  var checkPolicy = false

  /// The file alone, without --pod, needs no engine and nothing else that waits.
  func runAlone() throws -> Bool {
    if pod { return false }
    do {
      if checkPolicy {
        try printPolicy()
        return true
      }
      let project = try resolved().project
      StandardOutput.write(Self.whole(format == .json ? try project.json() : project.yaml()))
      return true
    } catch {
      throw CommandFailure(of: error)
    }
  }

  /// What --pod prints.
  func run() async throws {
    do {
      let (project, request) = try resolved()
      let engine = try DockerEngine(environment: ProcessEnvironment.current)
      let plan = try await PodSetup(request: request(), engine: engine).plan()
      for warning in plan.warnings.dropFirst(project.warnings.count) { warn(warning) }
      StandardOutput.write(Self.whole(try plan.json()))
    } catch {
      throw CommandFailure(of: error)
    }
  }

  /// What --check-policy prints; what no policy permits is an error.
  private func printPolicy() throws {
    let environment = ProcessEnvironment.current
    let settings = Settings(environment: environment, file: try OperatorFile())
    let ids = try task.ids(settings)
    let engine = try DockerEngine(environment: environment)
    let advice = try PolicyAdvice { policy in
      let project = try files.project(
        name: projectName, confine: true, bound: try task.bound(),
        readableDirectories: policy.readableDirectories, podName: ids.podName(of:),
        ports: task.offeredPorts(settings), environment: environment)
      var request = try task.request(for: project, ids: ids, settings: settings)
      request.policy = policy
      _ = try PodSetup(request: request, engine: engine)
    }
    if let refusal = advice.refusal { throw refusal }
    StandardOutput.write(advice.text)
  }

  /// The project, and what makes a pod of it. The file's warnings are said.
  private func resolved() throws -> (project: Project, request: () throws -> PodRequest) {
    let environment = ProcessEnvironment.current
    let settings = Settings(environment: environment, file: try OperatorFile())
    let ports = try task.offeredPorts(settings)
    let ids = try task.ids(settings)
    let project = try files.project(
      name: projectName, confine: pod, bound: try task.bound(),
      podName: pod ? ids.podName(of:) : nil, ports: ports, environment: environment)
    for warning in project.warnings { warn("\(warning.position): \(warning.value)") }
    return (project, { try task.request(for: project, ids: ids, settings: settings) })
  }

  private func warn(_ text: String) { StandardError.line("compose-executor: \(text)") }

  private static func whole(_ text: String) -> String { text.hasSuffix("\n") ? text : text + "\n" }
}

extension CommandFailure {
  /// The failure of a command that could not read its files; what was worth a warning before is
  /// printed first.
  init(of error: any Error) {
    for warning in (error as? ComposeError)?.warnings ?? [] {
      StandardError.line("compose-executor: \(warning.position): \(warning.value)")
    }
    self.init("\(error)", code: 1)
  }
}
