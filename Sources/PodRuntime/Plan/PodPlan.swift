import Compose
import DockerEngine
import PodIdentity
import YAML

/// What will be created in Docker for a pod, worked out before anything is.
public struct PodPlan: Sendable {
  /// What marks the pod's objects.
  public var identity: PodIdentity
  /// Networks to create.
  public var networks: [NetworkCreate]
  /// Volumes to create.
  public var volumes: [VolumeCreate]
  /// What the file says of the networks to create, by their names in Docker.
  public var networkSources: [String: Network] = [:]
  /// The same of the volumes.
  public var volumeSources: [String: Volume] = [:]
  /// Networks outside the pod that must exist.
  public var externalNetworks: [Located<String>]
  /// Volumes outside the pod that must exist.
  public var externalVolumes: [Located<String>]
  /// The containers in the order of the file.
  public var containers: [ContainerPlan]
  /// What deserves a word but no refusal.
  public var warnings: [String]
  /// What the pod does beyond its Compose file.
  public var options = PodOptions()
  /// What the operator gives containers whose file says nothing of it.
  var defaults = OperatorDefaults()
  /// The task's memory in bytes; nil where it has no limit.
  var taskMemory: Int64?
  /// A cgroup that must be there before any container runs, and that only the engine may make; nil if there is none.
  public var reservation: String?
  /// What `task.json` says, and the volume that holds it; nil where no service gets it.
  var taskFile: TaskFile?
  /// The slice that the containers are in; nil where the engine's driver is cgroupfs.
  var slice: SliceKeeper.Claim?
}

/// One container to create.
public struct ContainerPlan: Sendable {
  /// A reference to another container of the pod, filled in once that one exists.
  /// The other is named by its key.
  public enum Reference: Sendable, Equatable {
    /// `HostConfig.NetworkMode`.
    case network(String)
    /// `HostConfig.PidMode`.
    case pid(String)
    /// `HostConfig.IpcMode`.
    case ipc(String)
    /// One entry of `HostConfig.VolumesFrom`.
    case volumes(String, readOnly: Bool)
    /// A link by the name `alias`: an entry of `HostConfig.Links` and of each network's.
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

    /// True if the other's end is the end of this one's processes: the kernel takes a process namespace down with its first.
    var sharesProcesses: Bool { if case .pid = self { true } else { false } }

    /// True if the other must be running, and start again together with this one.
    var sharesNamespace: Bool {
      switch self {
      case .network, .pid, .ipc: true
      case .volumes, .link: false
      }
    }
  }

  /// The service that it is for.
  public var service: Service
  /// Its number within the service, from 1.
  public var number = 1
  /// Its name in Docker.
  public var name: String
  /// Its name if `name` is taken.
  public var nameIfTaken: String
  /// The create request, without its image and the containers that it refers to.
  public var create: ContainerCreate
  /// Networks to connect it to before it starts, besides the first.
  public var connections: [(network: String, settings: EndpointSettings)]
  /// What it takes from other containers of the pod.
  public var references: [Reference]
  /// The services that it waits for.
  public var dependencies: [(service: String, dependency: Dependency)]
  /// The keys of those that are created before it: they share a volume that their images may fill.
  public internal(set) var createdAfter: [String] = []
  /// The keys of those that must have been created before it starts, for the same reason.
  public internal(set) var startsAfter: [String] = []
  /// The host ports that it publishes.
  public var ports: [AssignedPort]
  /// The containers that run before it, in their order.
  public var preStart: [ContainerPlan] = []
  /// Secrets and configs whose text is copied into it before it starts.
  public var copies: [FileMount] = []
  /// External secrets and configs, which are mounted from the pod's secret volume.
  var externalMounts: [ExternalMount] = []
  /// What the file says of the volumes that it mounts, by their names in Docker.
  var volumeSources: [String: Volume] = [:]
  /// True for a container that has another's mounts besides its own: one that runs before its service.
  var sharesMounts = false
  /// True for the container that holds namespaces for the services: it is no service itself.
  public var isInfra = false

  /// What people call it.
  var title: String {
    isInfra ? "the pod's infrastructure container" : "service '\(service.name)'"
  }

  /// What tells it from the pod's other containers: the service, and its number where there are several.
  public var key: String { Self.key(of: service, number: number) }

  static func key(of service: Service, number: Int) -> String {
    service.containers > 1 ? "\(service.name)/\(number)" : service.name
  }

  /// The key as it stands before its output: `web`, `web-2`.
  var label: String { service.containers > 1 ? "\(service.name)-\(number)" : service.name }

  /// False where it lives in another container's network.
  var hasAddresses: Bool {
    !references.contains { if case .network = $0 { true } else { false } }
  }
}

extension Service {
  /// How many containers it has.
  var containers: Int { scale?.value ?? 1 }
}
