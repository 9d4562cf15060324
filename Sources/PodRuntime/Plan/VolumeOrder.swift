import Compose
import DockerEngine
import OrderedCollections
import PodIdentity
import YAML

/// The order in which containers that share a volume are created. When Docker creates a container,
/// it copies the image's files at a mount's target into an empty volume, so the first container
/// determines the volume's contents.
struct VolumeOrder {
  /// The files that the creation of a container may copy into a volume. Equal sources have the same
  /// files.
  private struct Source: Hashable {
    var image: String
    var target: String
    var subpath: String?
  }

  /// A volume's containers by key, in the order of their dependencies.
  private struct Users {
    /// Containers whose creation may fill the volume.
    var fillers: OrderedDictionary<String, Set<Source>> = [:]
    /// Containers that may write to the volume once they run, or whose `pre_start` may.
    var all: OrderedSet<String> = []
  }

  /// Makes containers that share a volume wait for each other. A container is created after those
  /// whose images may fill the volume first, and starts after all whose images may fill it are
  /// created.
  static func apply(to containers: inout [ContainerPlan]) {
    let shared = users(in: containers).values.filter { !$0.fillers.isEmpty && $0.all.count > 1 }
    guard !shared.isEmpty else { return }
    var created: [String: OrderedSet<String>] = [:]
    var starts: [String: OrderedSet<String>] = [:]
    for users in shared {
      // The first container of each source. If its image leaves the volume empty, later ones of the
      // same source do, too.
      var leaders: [Source: String] = [:]
      var last: String?
      for (key, sources) in users.fillers {
        let own = sources.compactMap { leaders[$0] }
        if own.count == sources.count {
          created[key, default: []].formUnion(own)
          continue
        }
        if let last { created[key, default: []].append(last) }
        for source in sources where leaders[source] == nil { leaders[source] = key }
        last = key
      }
      let filling = users.fillers.keys.filter { leaders.values.contains($0) }
      for key in users.all { starts[key, default: []].formUnion(filling.filter { $0 != key }) }
    }
    for index in containers.indices {
      let key = containers[index].key
      containers[index].createdAfter = created[key].map(Array.init) ?? []
      containers[index].startsAfter = starts[key].map(Array.init) ?? []
    }
  }

  private static func users(in containers: [ContainerPlan]) -> [String: Users] {
    guard containers.contains(where: { !$0.namedVolumes.isEmpty }) else { return [:] }
    var result: [String: Users] = [:]
    for container in inOrder(containers) {
      for volume in container.namedVolumes where volume.isFilled {
        let source = Source(
          image: container.imageKey, target: volume.target.cleanPath, subpath: volume.subpath)
        result[volume.name, default: Users()].fillers[container.key, default: []].insert(source)
      }
      for name in allVolumes(of: container, in: containers) {
        result[name, default: Users()].all.append(container.key)
      }
    }
    return result
  }

  /// The named volumes that a container or its `pre_start` mounts, including those of
  /// `volumes_from`.
  private static func allVolumes(
    of container: ContainerPlan, in containers: [ContainerPlan]
  ) -> Set<String> {
    var names: Set<String> = []
    var open = [container]
    var seen: Set<String> = []
    while let next = open.popLast() {
      guard seen.insert(next.key).inserted || next.sharesMounts else { continue }
      names.formUnion(next.namedVolumes.map(\.name))
      open += next.preStart
      for case .volumes(let key, _) in next.references {
        open += containers.filter { $0.key == key }
      }
    }
    return names
  }

  /// Sorts containers after their dependencies, otherwise in the order of the file.
  private static func inOrder(_ containers: [ContainerPlan]) -> [ContainerPlan] {
    let services = Set(containers.map(\.service.name))
    var waiting = containers
    var done: Set<String> = []
    var result: [ContainerPlan] = []
    while !waiting.isEmpty {
      let next = waiting.first { container in
        container.dependencies.allSatisfy {
          done.contains($0.service) || !services.contains($0.service)
        }
      }
      // Cycles are refused elsewhere.
      guard let name = (next ?? waiting.first)?.service.name else { break }
      result += waiting.filter { $0.service.name == name }
      waiting.removeAll { $0.service.name == name }
      done.insert(name)
    }
    return result
  }
}

extension Volume {
  /// Refuses a volume with the name of another key's volume, unless its settings are the same or
  /// empty.
  ///
  /// - Parameters:
  ///   - first: the create request of the other key.
  ///   - own: the create request of this one.
  /// - Throws: `DiagnosticError` with the line of its name.
  func checkIsSame(_ first: VolumeCreate, _ own: VolumeCreate) throws(DiagnosticError) {
    let isNothing = driver == nil && driverOptions.isEmpty && labels.isEmpty
    var own = own
    own.labels?[PodLabel.composeVolume] = first.labels?[PodLabel.composeVolume]
    guard own != first, !isNothing else { return }
    throw DiagnosticError(
      "the volume `\(key)` has the name of another volume, but other settings: change one of them",
      at: name?.position ?? position)
  }
}

extension ContainerPlan {
  /// A mount of a named volume.
  fileprivate struct NamedVolume {
    var name: String
    var target: String
    var subpath: String?
    var isFilled: Bool
  }

  /// The named volumes that it mounts itself, without those of `volumes_from`.
  fileprivate var namedVolumes: [NamedVolume] {
    let host = create.hostConfig
    var volumes: [NamedVolume] = []
    for bind in host?.binds ?? [] where !bind.hasPrefix("/") {
      let parts = bind.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count > 1 else { continue }
      let modes = parts.count > 2 ? parts[2].split(separator: ",") : []
      volumes.append(
        NamedVolume(name: parts[0], target: parts[1], isFilled: !modes.contains("nocopy")))
    }
    for mount in host?.mounts ?? [] where mount.type == "volume" {
      guard let name = mount.source, !name.isEmpty else { continue }
      volumes.append(
        NamedVolume(
          name: name, target: mount.target, subpath: mount.volumeOptions?.subpath,
          isFilled: mount.volumeOptions?.noCopy != true))
    }
    return volumes
  }

  /// Identifies its image among those of the services.
  fileprivate var imageKey: String {
    let platform = service.isolation.platform ?? ""
    return service.image.map { "\($0.value) \(platform)" } ?? "of service \(service.name)"
  }
}
