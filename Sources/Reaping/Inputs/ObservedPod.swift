import PodIdentity

/// A container as a look at the engine found it.
struct ObservedContainer: Sendable, Hashable {
  var id: String
  var name: String
  /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
  var state: String
}

/// A network as a look at the engine found it.
struct ObservedNetwork: Sendable, Hashable {
  var id: String
  var name: String
}

/// All that bears one pod's labels at one time; any part of it may be missing.
struct ObservedPod: Sendable, Equatable {
  var identity: PodIdentity
  var containers: [ObservedContainer] = []
  var networks: [ObservedNetwork] = []
  /// Named volumes.
  var volumes: [String] = []
  /// Images to remove once the containers are gone, as their labels record it.
  var images: [String] = []

  /// How many objects there are.
  var count: Int { containers.count + networks.count + volumes.count }

  /// Adds a container.
  ///
  /// - Parameters:
  ///   - container: what it is.
  ///   - label: its label that names the pod's images to remove.
  mutating func add(_ container: ObservedContainer, images label: String?) {
    containers.append(container)
    for name in (label ?? "").split(separator: " ").map(String.init)
    where !images.contains(name) && images.count < Self.mostImages {
      images.append(name)
    }
  }

  /// More than a pod has: a label is data that anybody could have written.
  private static let mostImages = 1024
}

/// What one look at the engine found.
struct Observation: Sendable {
  /// Pods by identity.
  var pods: [PodIdentity: ObservedPod] = [:]
  /// Containers that inherited their labels from an image: nobody's pod.
  var inherited: [ObservedContainer] = []
  /// Containers, networks and volumes with a run but without the full set of labels.
  var unlabelled: [String] = []
}
