/// The containers, networks and volumes of one pod. Any part may be missing.
package struct PodObjects: Sendable, Equatable {
  package var containers: [PodObject]
  package var networks: [PodObject]
  package var volumes: [PodObject]

  /// Makes a list of objects; by default an empty one.
  package init(
    containers: [PodObject] = [], networks: [PodObject] = [], volumes: [PodObject] = []
  ) {
    self.containers = containers
    self.networks = networks
    self.volumes = volumes
  }

  /// All objects, each with the name of its kind: `container`, `network` or `volume`.
  package var all: [(kind: String, object: PodObject)] {
    containers.map { ("container", $0) } + networks.map { ("network", $0) }
      + volumes.map { ("volume", $0) }
  }

  /// The IDs of all objects.
  package var ids: Set<String> { Set(all.map(\.object.id)) }

  /// Those objects whose IDs are in a set.
  func only(_ ids: Set<String>) -> PodObjects {
    PodObjects(
      containers: containers.filter { ids.contains($0.id) },
      networks: networks.filter { ids.contains($0.id) },
      volumes: volumes.filter { ids.contains($0.id) })
  }
}

/// A container, network or volume.
package struct PodObject: Sendable, Hashable {
  /// The engine's ID. A volume has none but its name.
  package let id: String
  /// The name; the ID where the name is not known.
  package let name: String

  /// Identifies an object.
  package init(_ id: String, name: String? = nil) {
    self.id = id
    self.name = name ?? id
  }
}
