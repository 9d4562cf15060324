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

  /// How many objects there are.
  var count: Int { containers.count + networks.count + volumes.count }
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
