import ArgumentParser
import DockerEngine
import Glibc
import Linux
import PodObjects
import PodViews
import Program

/// `compose-executor top`: lists the processes of a pod's services.
struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "List the processes of a pod's services.",
    discussion: """
      Lists processes as ps -ef on the host does.
      """)

  @OptionGroup var pod: PodArgument

  @Argument(help: "Only these services.", completion: .custom(PodCompletion.services))
  var service: [String] = []

  func run() async throws {
    let host = try HostPods()
    let found = try await pod.find(on: host)
    var containers = found.services
    if !service.isEmpty {
      containers = try service.flatMap { try found.containers(ofNamed: $0) }
    }
    let engine = host.engine
    let running = containers.filter(\.isUp)
    let lists = await withTaskGroup(of: (Int, ContainerProcesses?).self) { group in
      for (index, container) in running.enumerated() {
        // A container that exits in the meantime has no processes.
        group.addTask { (index, try? await engine.processes(of: container.id)) }
      }
      return await group.reduce(into: [Int: ContainerProcesses]()) { $0[$1.0] = $1.1 }
    }
    let titles = lists.min { $0.key < $1.key }?.value.titles ?? []
    var table = TextTable([("SERVICE", .left)] + titles.map { ($0.uppercased(), .left) })
    for (index, container) in running.enumerated() {
      for process in lists[index]?.processes ?? [] {
        let values = process.prefix(titles.count).map { TextTable.Cell($0) }
        let rest = [TextTable.Cell](repeating: "", count: titles.count - values.count)
        table.add([.init(container.displayName)] + values + rest)
      }
    }
    let terminal = Terminal(
      descriptor: STDOUT_FILENO, environment: ProcessEnvironment.current)
    let lines = table.lines(for: terminal, cuts: terminal.isTerminal)
    StandardOutput.write(lines.joined(separator: "\n") + "\n")
  }
}

extension ListedPod {
  /// The containers of a service in a command line.
  ///
  /// - Parameter name: a service, or with `-N` after it one of its containers.
  /// - Returns: its containers.
  /// - Throws: `CommandError` with code 1 where there is none; its message contains the existing
  ///   services.
  func containers(ofNamed name: String) throws -> [ListedContainer] {
    let found = containers(of: name)
    if found.isEmpty {
      let known = Set(services.map(\.service)).sorted().joined(separator: ", ")
      throw CommandError(
        "the pod has no service '\(name)': it has \(known.isEmpty ? "none" : known)", code: 1)
    }
    return found
  }
}
