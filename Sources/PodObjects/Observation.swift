import DockerEngine
import PodIdentity

/// The pods that the labels of an engine's containers, networks and volumes describe.
package struct Observation: Sendable {
  /// Pods by identity.
  package var pods: [PodIdentity: DiscoveredPod] = [:]
  /// Containers that inherited their labels from an image. They belong to no pod.
  package var inherited: [InheritedContainer] = []
  /// Containers, networks and volumes with a run but without the full set of labels.
  package var unlabeled: [String] = []

  /// Adds a container to its pod.
  mutating func add(_ object: PodObject, of identity: PodIdentity, _ summary: ContainerSummary) {
    let created = summary.created > 0 ? summary.created : nil
    pods[identity, default: DiscoveredPod(identity: identity)]
      .add(
        object, images: summary.labels[PodLabel.removeImages], created: created,
        KeptContainer(summary))
  }

  /// Adds a network or volume to the pod that its labels describe.
  mutating func add(_ object: PodObject, _ labels: [String: String]) {
    guard let identity = PodIdentity(labels: labels) else { return add(unlabeled: object) }
    pods[identity, default: DiscoveredPod(identity: identity)]
      .add(object, images: nil, created: nil, nil)
  }

  /// Adds an object that has a run but not the full set of labels.
  mutating func add(unlabeled object: PodObject) {
    unlabeled.append("\(object.kind) \(object.name)")
  }

  /// The part of an observation that belongs to one executor.
  package struct Own: Sendable, Equatable {
    /// The objects of its pod.
    package var objects: [PodObject] = []
    /// Whether another incarnation has objects of the same run. They share the run's cgroup.
    package var hasOthers = false
  }

  /// Separates the objects of one incarnation from those of others with the same run and task,
  /// since two executors may get the same run and task.
  ///
  /// - Parameters:
  ///   - identity: the pod's identity.
  ///   - made: the IDs of the objects that this process has created. If labels do not identify the
  ///     incarnation, only these are its own.
  /// - Returns: its objects, and whether other incarnations have objects.
  package func own(_ identity: PodIdentity, made: Set<String>) -> Own {
    let found = pods[identity]?.objects ?? []
    let objects = found.filter { identity.isUnique || made.contains($0.id) }
    let hasOthers =
      objects != found
      || pods.keys.contains { $0.incarnation != identity.incarnation }
      || inherited.contains {
        $0.identity.incarnation != identity.incarnation
          || $0.identity == identity && !identity.isUnique
      }
    return Own(objects: objects, hasOthers: hasOthers)
  }
}

/// All objects that have one pod's labels.
package struct DiscoveredPod: Sendable, Equatable {
  package let identity: PodIdentity
  package private(set) var objects: [PodObject]
  /// Images to remove after the containers, recorded in the containers' labels.
  package private(set) var images: [String] = []
  /// Its containers, with the data that determines how long they are kept after a failure.
  package var containers: [KeptContainer] = []
  /// When the oldest container was created, in seconds since 1970; nil if the engine doesn't report
  /// it.
  package var created: Int64?

  /// Creates a pod of these objects.
  package init(identity: PodIdentity, objects: [PodObject] = []) {
    self.identity = identity
    self.objects = objects
  }

  /// Adds an object.
  ///
  /// - Parameters:
  ///   - object: the object.
  ///   - label: its label with the pod's images to remove, which is used only for containers.
  ///   - time: when it was created, in seconds since 1970.
  ///   - container: the data for keeping it, if it is a container.
  mutating func add(
    _ object: PodObject, images label: String?, created time: Int64?, _ container: KeptContainer?
  ) {
    objects.append(object)
    if let container { containers.append(container) }
    if let time { created = min(time, created ?? time) }
    guard object.kind == .container else { return }
    for name in (label ?? "").split(separator: " ").map(String.init)
    where !images.contains(name) && images.count < Self.mostImages {
      images.append(name)
    }
  }

  /// More images than a pod has. The limit is needed because any user can write a label.
  private static let mostImages = 1024
}

/// A container whose image has the labels of the pod from which it was committed.
package struct InheritedContainer: Sendable, Equatable {
  /// The identity that the labels describe.
  package let identity: PodIdentity
  package let container: PodObject
}

extension PodIdentity {
  /// Whether the labels distinguish this incarnation from another of the same run and task. In its
  /// own pid namespace an executor knows neither its pid nor its start time. Under Mesos the agent
  /// creates the run, and never the same run twice.
  var isUnique: Bool { incarnation.pid != nil || !agentID.isEmpty }
}
