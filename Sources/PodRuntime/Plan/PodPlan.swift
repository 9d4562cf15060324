import Compose
import DockerEngine
import PodIdentity

/// What will be created in Docker for a pod, worked out before anything is.
public struct PodPlan: Sendable {
  /// What marks the pod's objects.
  public var identity: PodIdentity
  /// Networks to create.
  public var networks: [NetworkCreate]
  /// Volumes to create.
  public var volumes: [VolumeCreate]
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
  /// A cgroup that must be there before any container runs, and that only the engine may make; nil if there is none.
  public var reservation: String?
}

/// One container to create.
public struct ContainerPlan: Sendable {
  /// A reference to another container of the pod, filled in once that one exists.
  public enum Reference: Sendable, Equatable {
    /// `HostConfig.NetworkMode`.
    case network(String)
    /// `HostConfig.PidMode`.
    case pid(String)
    /// `HostConfig.IpcMode`.
    case ipc(String)
    /// One entry of `HostConfig.VolumesFrom`.
    case volumes(String, readOnly: Bool)
    /// A link by the name `alias`; on the default bridge it belongs to `HostConfig`, else to the network.
    case link(String, alias: String)

    /// The service that is referred to.
    var service: String {
      switch self {
      case .network(let name), .pid(let name), .ipc(let name): name
      case .volumes(let name, _), .link(let name, _): name
      }
    }

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
  /// Its name in Docker.
  public var name: String
  /// Its name if `name` is taken.
  public var nameIfTaken: String
  /// Folders of the host to make first: sources of bind mounts of the short form.
  public var create: ContainerCreate
  /// Networks to connect it to before it starts, besides the first.
  public var connections: [(network: String, settings: EndpointSettings)]
  /// What it takes from other containers of the pod.
  public var references: [Reference]
  /// The services that it waits for.
  public var dependencies: [(service: String, dependency: Dependency)]
  /// The host ports that it publishes.
  public var ports: [AssignedPort]
  /// True for the container that holds namespaces for the services: it is no service itself.
  public var isInfra = false

  /// What people call it.
  var title: String {
    isInfra ? "the pod's infrastructure container" : "service '\(service.name)'"
  }

  /// False where it lives in another container's network.
  var hasAddresses: Bool {
    !references.contains { if case .network = $0 { true } else { false } }
  }
}
