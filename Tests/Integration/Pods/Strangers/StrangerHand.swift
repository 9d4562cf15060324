import Foundation
import TestSupport

/// Performs a stranger's operations on one pod, and records their results.
struct StrangerHand: Sendable {
  let world: StrangerWorld
  let pod: RunningPod
  let image: String
  /// A part of the names of the objects that it creates.
  let mark: String
  let start: ContinuousClock.Instant

  private struct Found {
    var id: String
    var service: String
    var state: String
  }

  /// Performs an operation. A refusal of the engine is part of the history.
  func perform(_ operation: StrangerOperation) async throws -> StrangerEvent {
    var event = StrangerEvent(operation: operation)
    let containers = await containers()
    for container in containers {
      event.states[container.service, default: []].append(container.state)
    }
    event.began = elapsed
    let target: Found?
    if case .remove(nil) = operation {
      target = containers.first { $0.service.isEmpty }
    } else {
      // The same one each time, whatever its current name.
      target = containers.filter { $0.service == operation.service }.min { $0.id < $1.id }
    }
    let result = try await self.perform(operation, on: target)
    event.ended = elapsed
    event.succeeded = result.succeeded
    event.output = result.output
    return event
  }

  /// Milliseconds since the executor's start.
  var elapsed: Int {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
  }

  /// Waits for the duration of an operation.
  private func pass(_ milliseconds: Int) async throws {
    let begin = ContinuousClock.now
    try await eventually("the moment") { .now - begin >= .milliseconds(milliseconds) }
  }

  private typealias Reply = (succeeded: Bool, output: String)

  private func docker(_ arguments: String...) async throws -> Reply { try await docker(arguments) }

  private func docker(_ arguments: [String]) async throws -> Reply {
    let result = try await world.engine.docker(arguments).run(within: .seconds(180))
    // Warnings are not part of the ID that a success prints.
    let isSuccess = result.status.isSuccess
    return (isSuccess, isSuccess ? result.stdout : result.stdout + result.stderr)
  }

  /// The pod's containers, without copies that inherited their labels.
  private func containers() async -> [Found] {
    let text = try? await world.engine.docker(
      "ps", "-a", "--no-trunc", "--filter", "label=mesos.container_id=\(pod.run)", "--format",
      "{{.ID}}\t{{.Names}}\t{{.State}}\t{{.Label \"com.docker.compose.service\"}}"
        + "\t{{.Label \"com.docker.compose.oneoff\"}}"
    ).output(within: .seconds(300))
    return (text ?? "").split(separator: "\n").compactMap { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 5, !fields[1].hasPrefix("\(StrangerWorld.prefix)-copy") else {
        return nil
      }
      return Found(
        id: fields[0], service: fields[4].lowercased() == "true" ? "" : fields[3], state: fields[2])
    }
  }

  private func perform(_ operation: StrangerOperation, on target: Found?) async throws -> Reply {
    switch operation {
    case .prune(let object, let all):
      return try await docker([object.rawValue, "prune", "-f"] + (all ? ["--all"] : []))
    case .systemPrune(let all, let volumes):
      return try await docker("system", "prune", "-f", "--all=\(all)", "--volumes=\(volumes)")
    case .removeImage: return try await docker("rmi", image)
    case .tag: return try await docker("tag", image, "stranger-tag:\(mark)")
    case .restartEngine(let kill, let live):
      let options = (kill ? ["--kill"] : []) + (live ? ["--live-restore"] : [])
      try await world.own.command(["restart"] + options)
      return (true, "")
    case .hangEngine(let time):
      let daemon = try world.own.daemon()
      kill(daemon, SIGSTOP)
      defer { kill(daemon, SIGCONT) }
      try await pass(time)
      return (true, "")
    case .visit(let time): return try await visit(time)
    case .rename, .update, .pause, .freeze, .disconnect, .connect, .commitAndRun, .remove:
      guard let target else { return (false, "no container") }
      return try await perform(operation, on: target.id)
    }
  }

  private func perform(_ operation: StrangerOperation, on id: String) async throws -> Reply {
    switch operation {
    case .rename: return try await docker("rename", id, "renamed-\(mark)-\(id.prefix(12))")
    case .update: return try await docker("update", "--memory", "256m", "--memory-swap", "512m", id)
    case .pause(_, let time):
      let reply = try await docker("pause", id)
      guard reply.succeeded else { return reply }
      try await pass(time)
      _ = try await docker("unpause", id)
      return reply
    case .freeze(_, let time):
      let pid = pid_t(
        try await docker("inspect", "-f", "{{.State.Pid}}", id).output.filter(\.isNumber))
      guard let pid, pid > 1, let begin = try? ProcessFacts.startTime(pid) else {
        return (false, "it does not run")
      }
      kill(pid, SIGSTOP)
      try await pass(time)
      if (try? ProcessFacts.startTime(pid)) == begin { kill(pid, SIGCONT) }
      return (true, "process \(pid)")
    case .disconnect(_, let time): return try await disconnect(id, time)
    case .connect: return try await docker("network", "connect", StrangerWorld.network, id)
    case .commitAndRun:
      let copy = "\(StrangerWorld.prefix)-copy-\(mark)"
      let commit = try await docker("commit", id, copy)
      guard commit.succeeded else { return commit }
      return try await docker(
        "run", "-d", "--restart", "always", "--name", "\(copy)-\(id.prefix(12))", copy, "sh", "-c",
        "trap 'exit 0' TERM; sleep 100000 & wait")
    default: return try await docker("rm", "-f", id)
    }
  }

  private func disconnect(_ id: String, _ time: Int?) async throws -> Reply {
    let names = try await docker(
      "inspect", "-f", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", id)
    guard let network = names.output.split(whereSeparator: \.isWhitespace).first.map(String.init),
      names.succeeded, !network.isEmpty
    else { return (false, "no network: \(names.output)") }
    let reply = try await docker("network", "disconnect", network, id)
    guard reply.succeeded, let time else { return reply }
    try await pass(time)
    let back = try await docker("network", "connect", network, id)
    return (true, "\(network); \(back.output)")
  }

  private func visit(_ time: Int) async throws -> Reply {
    let networks = try await docker(
      "network", "ls", "-q", "--filter", "label=mesos.container_id=\(pod.run)")
    guard let network = networks.output.split(separator: "\n").first.map(String.init) else {
      return (false, "no network")
    }
    let reply = try await docker("network", "connect", network, StrangerWorld.container)
    guard reply.succeeded else { return reply }
    try await pass(time)
    let leave = try await docker("network", "disconnect", network, StrangerWorld.container)
    return (true, leave.output)
  }
}
