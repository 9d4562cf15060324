import OrderedCollections

/// Checks that a project's parts fit each other: nothing refers to what isn't there, nothing waits for
/// itself (Compose specification, throughout).
struct Consistency {
  private let project: Project

  init(_ project: Project) { self.project = project }

  /// Throws for the first thing that doesn't fit.
  func check() throws(ComposeError) {
    var containers: [String: Service] = [:]
    for service in project.services.values {
      guard service.image != nil || service.build != nil else {
        throw ComposeError(
          "the service `\(service.name)` has neither `image` nor `build`", at: service.position)
      }
      try checkNetworks(of: service)
      try checkMounts(of: service)
      for (name, dependency) in service.dependencies where project.services[name] == nil {
        throw ComposeError(
          "the service `\(service.name)` needs the service `\(name)`, which isn't there",
          at: dependency.position)
      }
      if let name = service.containerName {
        guard isContainerName(name.value) else {
          throw ComposeError("`\(name.value)` is no container name", at: name.position)
        }
        if let other = containers[name.value] {
          throw ComposeError(
            "the services `\(other.name)` and `\(service.name)` have the same `container_name`",
            at: name.position)
        }
        containers[name.value] = service
      }
    }
    try DependencyCycle.refuse(in: project)
  }

  private func checkNetworks(of service: Service) throws(ComposeError) {
    if let mode = service.networkMode, !service.networks.isEmpty {
      throw ComposeError("`network_mode` and `networks` exclude each other", at: mode.position)
    }
    for (name, attachment) in service.networks where project.networks[name] == nil {
      throw ComposeError(
        "the service `\(service.name)` joins the network `\(name)`, which `networks:` doesn't declare",
        at: attachment.position ?? service.position)
    }
  }

  private func checkMounts(of service: Service) throws(ComposeError) {
    var targets: [String: SourcePosition] = [:]
    for mount in service.mounts {
      if case .volume(let key) = mount.source, project.volumes[key] == nil {
        throw ComposeError(
          "the service `\(service.name)` mounts the volume `\(key)`, which `volumes:` doesn't declare; a path starts with `./` or `/`",
          at: mount.position)
      }
      if let first = targets[mount.target] {
        throw ComposeError(
          "`\(mount.target)` is mounted twice; first at \(first)", at: mount.position)
      }
      targets[mount.target] = mount.position
    }
  }

  private func isContainerName(_ name: String) -> Bool {
    guard let first = name.utf8.first, name.utf8.count > 1, isLetterOrDigit(first) else {
      return false
    }
    return name.utf8.allSatisfy { isLetterOrDigit($0) || "_.-".utf8.contains($0) }
  }

  private func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }
}

/// Services that wait for each other in a circle.
enum DependencyCycle {
  /// Throws where there is one, naming its services in order.
  static func refuse(in project: Project) throws(ComposeError) {
    var done: Set<String> = []
    for start in project.services.keys where !done.contains(start) {
      // Depth first with a stack of its own: a chain of services can be long.
      var path: [(name: String, next: Int)] = [(start, 0)]
      var open: Set<String> = [start]
      while let (name, next) = path.last {
        let dependencies = project.services[name]?.dependencies ?? [:]
        guard next < dependencies.count else {
          done.insert(name)
          open.remove(name)
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let (other, dependency) = dependencies.elements[next]
        if open.contains(other) {
          let circle = path.map(\.name).drop { $0 != other } + [other]
          throw ComposeError(
            "the services depend on each other in a circle: \(circle.joined(separator: " -> "))",
            at: dependency.position)
        }
        if !done.contains(other) {
          open.insert(other)
          path.append((other, 0))
        }
      }
    }
  }
}
