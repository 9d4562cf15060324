import DockerEngine
import Foundation
import PodIdentity
import TestSupport

/// A pod's objects, made by hand with whatever labels a test needs.
struct ForgedPod: Sendable {
  let engine: TestEngine
  let identity: PodIdentity

  private var api: DockerEngine {
    DockerEngine(endpoint: .unix(path: engine.socket), requestTimeout: .seconds(60))
  }

  /// Makes a container; without `name` it gets one from the task.
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

  /// Makes a network.
  @discardableResult
  func network(_ key: String = "inside") async throws -> String {
    try await engine.docker(
      ["network", "create"] + identity.options + [identity.names.object(key)]
    )
    .output()
  }

  /// Makes a volume.
  @discardableResult
  func volume(_ key: String = "data") async throws -> String {
    try await engine.docker(["volume", "create"] + identity.options + [identity.names.object(key)])
      .output()
  }

  /// What there is of it.
  func left() async throws -> Leftovers { try await Leftovers.of(run: identity.run, on: engine) }

  /// Takes away what is left.
  func remove() async throws { try await left().remove(from: engine) }
}

extension PodIdentity {
  /// An identity of this host, of a run of its own, kept by a process; without one it has ended.
  static func forged(by process: Incarnation? = nil, run: String? = nil) -> PodIdentity {
    let run = run ?? UUID().uuidString.lowercased()
    return PodIdentity(
      frameworkID: "framework-1", executorID: "executor-\(run.prefix(8))",
      taskID: "forged-\(run.prefix(8))", run: run, agentID: "agent-1",
      incarnation: process ?? .ended, host: .current(), cgroupParent: "/compose-pods/\(run)")
  }

  /// Its labels for the docker command.
  var options: [String] { labels.flatMap { ["--label", "\($0)=\($1)"] } }
}

extension Incarnation {
  /// A process that has ended: nothing has this pid with so early a start.
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

/// Lends hand-made pods, and takes away what is left of them.
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
