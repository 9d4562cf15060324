import Compose
import DockerEngine
import JSON
import Linux
import OrderedCollections
import PodIdentity
import YAML

/// `/run/pod/task.json`: the description of the task for its containers (docs/pods.md,
/// "task.json").
///
/// It is in a volume of the pod, which containers mount read-only. The executor creates and fills
/// the volume through the Engine API, so this works for a remote engine, and containers get no path
/// of the sandbox.
struct TaskFile: Sendable {
  /// The directory in containers.
  static let directory = "/run/pod"
  static let name = "task.json"

  /// The volume's name.
  let volume: String
  let description: TaskFileText
}

/// The file's contents. It contains no secrets, and therefore neither variables nor labels.
struct TaskFileText: Encodable, Sendable {
  struct Port: Encodable, Sendable {
    var service: String
    var containerPort: UInt16
    var hostPort: UInt16?
    var transport: Transport

    enum CodingKeys: String, CodingKey {
      case service
      case containerPort = "container_port"
      case hostPort = "host_port"
      case transport
    }
  }
  struct TaskService: Encodable, Sendable {
    var name: String
    var containers: Int
  }

  var version = 1
  var taskID: String
  var executorID: String
  var frameworkID: String
  var agentID: String
  var run: String
  var project: String
  var host: String
  var cpus: Double?
  var memory: Int64?
  var disk: Int64?
  var gpus: Int?
  var offeredPorts: [UInt16]
  var ports: [Port]
  var services: [TaskService]

  enum CodingKeys: String, CodingKey {
    case version
    case taskID = "task_id"
    case executorID = "executor_id"
    case frameworkID = "framework_id"
    case agentID = "agent_id"
    case run = "container_id"
    case project
    case host
    case cpus
    case memory = "memory_bytes"
    case disk = "disk_bytes"
    case gpus
    case offeredPorts = "offered_ports"
    case ports
    case services
  }

  /// The contents as JSON.
  ///
  /// - Throws: `EncodingError`, which can't occur for these types.
  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [0x0a]
  }
}

extension PodPlanner {
  /// The name of the volume for the file; nil if no service gets the file.
  static func taskVolume(
    of request: PodRequest, _ names: PodNames, besides others: [String: String]
  ) -> String? {
    let isAsked = request.project.services.values.contains {
      $0.podSettings.hasTaskFile?.value ?? request.options.hasTaskFile
    }
    guard isAsked else { return nil }
    var name = names.object("pod-task")
    let taken = Set(others.values)
    while taken.contains(name) { name += "_" }
    return name
  }

  /// Adds the volume and the file to the plan.
  func addTaskFile(to plan: inout PodPlan) {
    guard let taskVolume else { return }
    var body = VolumeCreate(name: taskVolume)
    body.labels = identity.labels.merging([PodLabel.composeVolume: "pod-task"]) { $1 }
    plan.volumes.append(body)
    plan.taskFile = TaskFile(volume: taskVolume, description: taskDescription)
  }

  private var taskDescription: TaskFileText {
    let limits = request.limits
    return TaskFileText(
      taskID: request.taskID, executorID: request.executorID, frameworkID: request.frameworkID,
      agentID: request.agentID, run: request.run, project: identity.names.project,
      host: request.surroundings["HOST"] ?? request.hostName,
      cpus: limits?.cpus.flatMap { $0.isFinite ? $0 : nil }, memory: limits?.memory,
      disk: limits?.disk, gpus: limits?.gpus?.count, offeredPorts: request.offeredPorts ?? [],
      ports: ports.services.values.flatMap { $0 }.map {
        TaskFileText.Port(
          service: $0.service, containerPort: $0.port.container.number, hostPort: $0.host.number,
          transport: $0.port.container.transport)
      },
      services: request.project.services.values.map {
        TaskFileText.TaskService(name: $0.name, containers: $0.containers)
      })
  }

  /// Whether a service gets the file.
  func getsTaskFile(_ service: Service) -> Bool {
    taskVolume != nil && service.name != infra
      && service.podSettings.hasTaskFile?.value ?? request.options.hasTaskFile
  }

  /// Mounts the file's volume into a service that gets it.
  ///
  /// - Throws: `DiagnosticError` if the service mounts something else there, or a host directory
  ///   above it.
  func mountTaskFile(into service: Service, in host: inout HostConfig) throws(DiagnosticError) {
    let own = service.podSettings.hasTaskFile
    guard let taskVolume, getsTaskFile(service) else { return }
    for mounted in servicesMounted(into: service) {
      let targets = mounted.mountTargets.map(\.cleanPath)
      var taken = targets.first { RealPath.isPath($0, atOrBelow: TaskFile.directory) }
      for mount in mounted.mounts {
        guard case .bind = mount.source else { continue }
        let target = mount.target.cleanPath
        // The engine would create the directory on the host.
        if RealPath.isPath(TaskFile.directory, atOrBelow: target) { taken = target }
      }
      guard let taken else { continue }
      throw DiagnosticError(
        "service '\(service.name)' gets \(TaskFile.directory)/\(TaskFile.name) (`task_file`), but something else is mounted at \(taken): "
          + "remove one of the two", at: own?.position ?? service.position)
    }
    var mount = Mount(type: "volume", source: taskVolume, target: TaskFile.directory)
    mount.readOnly = true
    mount.volumeOptions = Mount.VolumeOptions(noCopy: true)
    host.mounts = (host.mounts ?? []) + [mount]
  }
}
