import Compose
import DockerEngine
import JSON
import PodIdentity
import YAML

/// A pod's description for hooks, as JSON. A key has the name of the corresponding label, if there
/// is one. A list is empty until its items are known.
struct HookPayload: Encodable {
  struct ServiceData: Encodable {
    var name: String
    var image: String
    var container: String
    var containerID: String?

    enum CodingKeys: String, CodingKey {
      case name
      case image
      case container
      case containerID = "container_id"
    }
  }
  struct Port: Encodable {
    var service: String
    var containerPort: UInt16
    var hostPort: String
    var transport: Transport

    init(_ assigned: AssignedPort) {
      service = assigned.service
      containerPort = assigned.port.container.number
      hostPort = "\(assigned.host)"
      transport = assigned.port.container.transport
    }

    enum CodingKeys: String, CodingKey {
      case service
      case containerPort = "container_port"
      case hostPort = "host_port"
      case transport
    }
  }

  var hook: String
  var taskID: String
  var executorID: String
  var frameworkID: String
  var run: String
  var agentID: String
  var project: String
  var sandbox: String
  var files: [String]
  var cgroupParent: String
  var services: [ServiceData]
  var networks: [String]
  var volumes: [String]
  var ports: [Port]
  var addresses: [String]
  /// `finished`, `failed` or `killed`; only after the pod has stopped.
  var state: String?
  var message: String?
  var notRemoved: [String]?

  enum CodingKeys: String, CodingKey {
    case hook
    case taskID = "task_id"
    case executorID = "executor_id"
    case frameworkID = "framework_id"
    case run = "container_id"
    case agentID = "agent_id"
    case project
    case sandbox
    case files
    case cgroupParent = "cgroup_parent"
    case services
    case networks
    case volumes
    case ports
    case addresses
    case state
    case message
    case notRemoved = "not_removed"
  }

  /// The data as one line of JSON.
  ///
  /// - Throws: `EncodingError`, which does not occur with these types.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}

extension Pod {
  /// The pod's current data.
  func data(
    for event: PodHook.Event, addresses: PodAddresses? = nil, outcome: PodOutcome? = nil
  ) -> HookPayload {
    let identity = plan?.identity ?? request.identity
    let containers = plan?.containers.filter { !$0.isInfra } ?? []
    let ports = (plan?.containers.flatMap(\.ports) ?? []).map { assigned in
      let known = addresses?.ports.first {
        $0.service == assigned.service && $0.port.container == assigned.port.container
      }
      return HookPayload.Port(known ?? assigned)
    }
    return HookPayload(
      hook: event.rawValue, taskID: request.taskID, executorID: request.executorID,
      frameworkID: request.frameworkID, run: request.run, agentID: request.agentID,
      project: identity.names.project, sandbox: sandbox, files: request.project.files,
      cgroupParent: identity.cgroupParent,
      services: containers.map {
        HookPayload.ServiceData(
          name: $0.service.name, image: $0.service.image?.value ?? "", container: $0.name,
          containerID: members[$0.key]?.container)
      },
      networks: plan?.networks.map(\.name) ?? [], volumes: plan?.volumes.compactMap(\.name) ?? [],
      ports: ports, addresses: addresses?.addresses ?? [], state: outcome?.state.word,
      message: outcome?.message, notRemoved: outcome?.leftovers)
  }
}

extension PodOutcome.State {
  /// The state's name in the JSON data.
  var word: String {
    switch self {
    case .finished: "finished"
    case .failed: "failed"
    case .killed: "killed"
    }
  }
}
