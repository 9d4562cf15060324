import Compose
import DockerEngine
import PodIdentity
import YAML

/// The objects that a pod will have in Docker, computed before any of them is created.
package struct PodPlan: Sendable {
  /// Identifies the pod's objects.
  package var identity: PodIdentity
  /// Networks to create.
  package var networks: [NetworkCreate]
  /// Volumes to create.
  package var volumes: [VolumeCreate]
  /// The file's networks that will be created, by their names in Docker.
  package var networkSources: [String: Network] = [:]
  /// The file's volumes that will be created, by their names in Docker.
  package var volumeSources: [String: Volume] = [:]
  /// Networks outside the pod that must exist.
  package var externalNetworks: [Located<String>]
  /// Volumes outside the pod that must exist.
  package var externalVolumes: [Located<String>]
  /// The containers in the order of the file.
  package var containers: [ContainerPlan]
  /// Warnings for the log.
  package var warnings: [String]
  /// Options of the pod that its Compose file doesn't set.
  package var options = PodOptions()
  /// The operator's defaults for containers whose file doesn't set the key.
  var defaults = OperatorDefaults()
  /// The task's memory in bytes; nil if it has no limit.
  var taskMemory: Int64?
  /// A cgroup that must exist before any container runs, and that only the engine has permission to
  /// create; nil if there is none.
  package var reservation: String?
  /// The contents of `task.json`, and the volume for it; nil if no service gets it.
  var taskFile: TaskFile?
  /// The slice of the containers; nil if the engine's cgroup driver is cgroupfs.
  var slice: SliceKeeper.Claim?
}

/// One container to create.
package struct ContainerPlan: Sendable {
  /// A reference to another container of the pod, by its key. The ID is filled in once that
  /// container exists.
  package enum Reference: Sendable, Equatable {
    /// `HostConfig.NetworkMode`.
    case network(String)
    /// `HostConfig.PidMode`.
    case pid(String)
    /// `HostConfig.IpcMode`.
    case ipc(String)
    /// One entry of `HostConfig.VolumesFrom`.
    case volumes(String, readOnly: Bool)
    /// A link with the name `alias`: an entry of `HostConfig.Links`, and of `Links` on each
    /// network.
    case link(String, alias: String)

    /// The key of the container that is referred to.
    var key: String {
      switch self {
      case .network(let key), .pid(let key), .ipc(let key): key
      case .volumes(let key, _), .link(let key, _): key
      }
    }

    /// The service that is referred to.
    var service: String { String(key.prefix { $0 != "/" }) }

    /// True if this container's processes are killed when the other one exits: the kernel kills a
    /// PID namespace together with its first process.
    var sharesProcesses: Bool { if case .pid = self { true } else { false } }

    /// True if the other container must be running, and this one must restart together with it.
    var sharesNamespace: Bool {
      switch self {
      case .network, .pid, .ipc: true
      case .volumes, .link: false
      }
    }
  }

  /// The container's service.
  package var service: Service
  /// Its number within the service, from 1.
  package var number = 1
  /// Its name in Docker.
  package var name: String
  /// Its name if `name` is taken.
  package var nameIfTaken: String
  /// The create request, without its image and the containers that it refers to.
  package var create: ContainerCreate
  /// The networks to which it is connected before it starts, except the first.
  package var connections: [(network: String, settings: EndpointSettings)]
  /// Namespaces, volumes and links that it uses of other containers of the pod.
  package var references: [Reference]
  /// The services that it waits for.
  package var dependencies: [(service: String, dependency: Dependency)]
  /// The keys of containers that are created earlier because they share a volume that their images
  /// may fill.
  package internal(set) var createdAfter: [String] = []
  /// The keys of containers that must have been created before it starts, for the same reason.
  package internal(set) var startsAfter: [String] = []
  /// The host ports that it publishes.
  package var ports: [AssignedPort]
  /// The containers of its `pre_start` hooks, in order.
  package var preStart: [ContainerPlan] = []
  /// Secrets and configs whose text is copied into it before it starts.
  package var copies: [FileMount] = []
  /// External secrets and configs, which are mounted from the pod's secret volume.
  var externalMounts: [ExternalMount] = []
  /// The file's volumes that it mounts, by their names in Docker.
  var volumeSources: [String: Volume] = [:]
  /// True for the container of a `pre_start` hook, which also has the mounts of the service's
  /// container.
  var sharesMounts = false
  /// True for the infrastructure container, which owns namespaces for the services and is no
  /// service.
  package var isInfra = false

  /// Its description in messages.
  var title: String {
    isInfra ? "the pod's infrastructure container" : "service '\(service.name)'"
  }

  /// Identifies it within the pod: the service, and its number if the service has several
  /// containers.
  package var key: String { Self.key(of: service, number: number) }

  static func key(of service: Service, number: Int) -> String {
    service.containers > 1 ? "\(service.name)/\(number)" : service.name
  }

  /// The name before its output: `web`, `web-2`.
  var label: String { service.containers > 1 ? "\(service.name)-\(number)" : service.name }

  /// False if it joins the network of another container.
  var hasAddresses: Bool {
    !references.contains { if case .network = $0 { true } else { false } }
  }
}

extension Service {
  /// The number of its containers.
  var containers: Int { scale?.value ?? 1 }
}
