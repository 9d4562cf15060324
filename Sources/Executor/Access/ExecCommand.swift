import ArgumentParser
import DockerEngine
import Glibc
import Linux
import PodIdentity
import PodObjects
import Program

/// `compose-executor exec`: runs a command in a container of a pod, like `docker compose exec`.
struct ExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec",
    abstract: "Run a command in a container of a pod.",
    usage: """
      compose-executor exec [--framework <framework>] [--no-tty] [--env <env> ...] [--user <user>] \
      [--workdir <workdir>] [--index <index>] <pod> <service> <command> ...
      """,
    discussion: """
      The command gets a terminal if standard input and output are terminals and -T is not given.
      """)

  @OptionGroup var pod: PodArgument

  @Argument(
    help: "The service, or one of its containers as SERVICE-N.",
    completion: .custom(PodCompletion.services))
  var service: String

  @Argument(
    parsing: .captureForPassthrough,
    help: "The command and its arguments; options for `exec` come before POD.")
  var command: [String]

  @Flag(name: [.customShort("T"), .long], help: "Do not allocate a terminal.")
  var noTty = false

  @Option(
    name: .shortAndLong,
    help: "An environment variable of the command: NAME=VALUE, or NAME for its current value.")
  var env: [String] = []

  @Option(
    name: .shortAndLong, help: "The user, by name or ID, optionally with a group: USER:GROUP.")
  var user: String?

  @Option(name: .shortAndLong, help: "The working directory in the container.")
  var workdir: String?

  @Option(
    help: "The number of the service's container, from 1. Default: the first that is running.")
  var index: Int?

  func run() async throws {
    let host = try HostPods(timeout: .seconds(60))
    let found = try await pod.findContainers(on: host)
    let container = try Self.container(of: found, service: service, index: index)
    let environment = ProcessEnvironment.current
    var body = ExecCreate(cmd: command.first == "--" ? Array(command.dropFirst()) : command)
    guard !body.cmd.isEmpty else {
      throw CommandError("exec requires a command after the service", code: 2)
    }
    (body.user, body.workingDir) = (user, workdir)
    let variables = env.compactMap { item in
      if item.contains("=") { return item }
      return environment[item].map { "\(item)=\($0)" }
    }
    if !variables.isEmpty { body.env = variables }
    body.attachStdin = true
    if !noTty, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 {
      body.tty = true
      // With its default detach sequence, the engine delays every ctrl-P. Users do not type this
      // sequence.
      body.detachKeys = "ctrl-@,ctrl-^,ctrl-@,ctrl-_,ctrl-@,ctrl-^,ctrl-@,ctrl-_"
    }
    do {
      let code = try await ExecSession(engine: host.engine, container: container.id, body: body)
        .run()
      endProcess(code)
    } catch let error as EngineError {
      throw CommandError("'\(service)': \(error.message)", code: 1)
    }
  }

  /// Selects the container of a service.
  ///
  /// - Parameters:
  ///   - pod: the pod.
  ///   - service: the service, or one of its containers.
  ///   - index: the number of the container; nil for the first that is running.
  /// - Returns: a running container.
  /// - Throws: `CommandError` with code 1 where there is none.
  static func container(
    of pod: ListedPod, service: String, index: Int?
  ) throws(CommandError) -> ListedContainer {
    let containers = pod.containers(of: service)
    let task = pod.identity.taskID
    guard !containers.isEmpty else {
      let names = Set(pod.services.map(\.service)).sorted().joined(separator: ", ")
      throw CommandError(
        "pod '\(task)' has no service '\(service)'"
          + (names.isEmpty ? ": it has no containers" : "; it has \(names)"), code: 1)
    }
    let meant = index.map { index in containers.filter { $0.number == index } } ?? containers
    guard let first = meant.first else {
      throw CommandError(
        "service '\(service)' of pod '\(task)' has no container \(index ?? 0)", code: 1)
    }
    guard let running = meant.first(where: { $0.summary.state == "running" }) else {
      throw CommandError(
        "service '\(service)' of pod '\(task)' isn't running: \(first.summary.state)", code: 1)
    }
    return running
  }
}

extension PodArgument {
  /// Finds the pod with its containers. For a complete ID it does not list all pods.
  ///
  /// - Parameter host: the host's engine.
  /// - Returns: the pod.
  /// - Throws: the errors of `find(on:)`.
  func findContainers(on host: HostPods) async throws -> ListedPod {
    let named = try? await PodInventory(engine: host.engine, doubt: .leaveAlone).pods(named: pod)
    if let named, named.count == 1, framework == nil { return named[0] }
    return try await find(on: host)
  }
}
