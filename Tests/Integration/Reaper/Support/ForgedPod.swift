import DockerEngine
import Foundation
import PodIdentity
import TestSupport

/// Objects of a pod that a test creates itself, with the labels that it needs.
struct ForgedPod: Sendable {
  let engine: TestEngine
  let identity: PodIdentity

  private var api: DockerEngine {
    DockerEngine(endpoint: .unix(path: engine.socket), requestTimeout: .seconds(60))
  }

  /// Creates a container; without `name` its name is derived from the task.
  @discardableResult
  func container(
    _ name: String? = nil, image: String = "founding/base", labels: [String: String]? = nil,
    network: String = "none", starts: Bool = false,
    _ change: (inout ContainerCreate) -> Void = { _ in }
  ) async throws -> String {
    var body = ContainerCreate(image: image)
    body.labels = labels ?? identity.labels
    body.hostConfig = HostConfig()
    body.hostConfig?.networkMode = network
    change(&body)
    let name = name ?? "\(identity.taskID)_\(UUID().uuidString.prefix(8).lowercased())"
    let id = try await api.createContainer(name: name, body).id
    if starts { try await api.startContainer(id) }
    return id
  }

  /// Creates a network.
  @discardableResult
  func network(_ key: String = "inside") async throws -> String {
    try await engine.docker(
      ["network", "create"] + identity.options + [identity.names.object(key)]
    )
    .output()
  }

  /// Creates a volume.
  @discardableResult
  func volume(_ key: String = "data") async throws -> String {
    try await engine.docker(["volume", "create"] + identity.options + [identity.names.object(key)])
      .output()
  }

  /// The existing objects of the pod.
  func left() async throws -> Leftovers { try await Leftovers.of(run: identity.run, on: engine) }

  /// Removes the existing objects.
  func remove() async throws { try await left().remove(from: engine) }
}

extension PodIdentity {
  /// An identity of this host with a unique run, owned by a process; without `process`, by one that
  /// has exited.
  static func forged(by process: Incarnation? = nil, run: String? = nil) -> PodIdentity {
    let run = run ?? UUID().uuidString.lowercased()
    return PodIdentity(
      frameworkID: "framework-1", executorID: "executor-\(run.prefix(8))",
      taskID: "forged-\(run.prefix(8))", run: run, agentID: "agent-1",
      incarnation: process ?? .ended, host: .current(), cgroupParent: "/compose-pods/\(run)")
  }

  /// Its labels as options of the docker command.
  var options: [String] { labels.flatMap { ["--label", "\($0)=\($1)"] } }
}

extension Incarnation {
  /// A process that has exited: no process has this pid with such an early start.
  static var ended: Incarnation {
    let own = Incarnation.current()
    return Incarnation(bootID: own.bootID, pid: own.pid, startTime: 1)
  }
}

extension TestEngine {
  /// A `docker` command line on this engine.
  func docker(_ arguments: [String]) -> Command {
    Command("docker", arguments, environment: ["DOCKER_HOST": dockerHost])
  }
}

/// Calls `body` with forged pods, and removes the objects that are left.
func withForged(
  _ identities: [PodIdentity], on engine: TestEngine, _ body: ([ForgedPod]) async throws -> Void
) async throws {
  let pods = identities.map { ForgedPod(engine: engine, identity: $0) }
  do {
    try await body(pods)
  } catch {
    for pod in pods { try await pod.remove() }
    throw error
  }
  for pod in pods { try await pod.remove() }
}
