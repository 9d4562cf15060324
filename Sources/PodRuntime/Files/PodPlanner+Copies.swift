import Compose
import DockerEngine
import OrderedCollections
import YAML
import Linux

extension PodPlanner {
  /// The texts to copy into a container before it starts.
  ///
  /// - Parameters:
  ///   - service: the service.
  ///   - other: the service whose mounts the container also has; nil if there is none.
  /// - Returns: secrets and configs of `content` or `environment`.
  /// - Throws: `DiagnosticError` with the line of one that can't be copied without affecting a
  ///   mount.
  func copies(of service: Service, sharing other: Service?) throws(DiagnosticError) -> [FileMount] {
    let copies = service.files.filter { if case .content = $0.source { true } else { false } }
    guard let first = copies.first else { return [] }
    if service.readOnly {
      throw DiagnosticError(
        "the \(first.kind.rawValue) `\(first.name)` can't be copied into a container that is read-only: use `file`",
        at: first.position)
    }
    var targets = mountTargets(of: service)
    if let other { targets += mountTargets(of: other) }
    if other == nil, getsTaskFile(service) { targets.append(TaskFile.directory) }
    for copy in copies {
      try copy.check(against: targets.map(\.cleanPath))
      try copy.checkEngines()
    }
    return copies
  }

  /// The mount targets in a container, of the service itself and of its `volumes_from`.
  private func mountTargets(of service: Service) -> [String] {
    servicesMounted(into: service).flatMap(\.mountTargets)
  }

  /// A service and the services whose mounts it has by `volumes_from`.
  func servicesMounted(into service: Service) -> [Service] {
    var services: [Service] = []
    var open = [service]
    var seen: Set<String> = []
    while let next = open.popLast() {
      services.append(next)
      for entry in next.volumesFrom {
        guard case .service(let name) = entry.value.source, seen.insert(name).inserted,
          let other = project.services[name]
        else { continue }
        open.append(other)
      }
    }
    return services
  }
}

extension Service {
  /// The mount targets of the service's own keys.
  var mountTargets: [String] {
    let devices = devices.compactMap { device -> String? in
      let parts = device.value.split(separator: ":", omittingEmptySubsequences: false)
      return parts.first?.hasPrefix("/") == true
        ? String(parts.count > 1 ? parts[1] : parts[0]) : nil
    }
    return devices.filter { $0.hasPrefix("/") }
      + (initProcess == true ? ["/sbin/docker-init"] : []) + mounts.map(\.target)
      + files.compactMap { file in
        if case .content = file.source { return nil }
        return file.target
      }
  }
}

extension FileMount {
  /// Paths at which the engine itself mounts files in each container: a copy below them is lost.
  private static let engineTargets = [
    "/proc", "/sys", "/dev", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
  ]

  /// Refuses a copy that would replace a mount or be written into one.
  ///
  /// - Parameters:
  ///   - targets: the mount targets.
  ///   - path: the copy's real path, with links resolved; nil for its target.
  /// - Throws: `DiagnosticError` with the copy's line.
  func check(against targets: [String], at path: String? = nil) throws(DiagnosticError) {
    let path = path ?? target.cleanPath
    for mount in targets {
      if RealPath.isPath(mount, atOrBelow: path) {
        throw DiagnosticError(
          "\(subject(path)): something is mounted at \(mount), and the copy would replace it: choose another target",
          at: position)
      }
      try check(path, below: mount)
    }
  }

  /// Refuses a copy that would be lost below one of the engine's own mounts.
  ///
  /// - Parameter path: the copy's real path, with links resolved; nil for its target.
  /// - Throws: `DiagnosticError` with the copy's line.
  func checkEngines(at path: String? = nil) throws(DiagnosticError) {
    for mount in Self.engineTargets { try check(path ?? target.cleanPath, below: mount) }
  }

  private func check(_ path: String, below mount: String) throws(DiagnosticError) {
    guard RealPath.isPath(path, atOrBelow: mount) else { return }
    throw DiagnosticError(
      "\(subject(path)): it would be written into a file system mounted at \(mount): use `file`, or choose another target",
      at: position)
  }

  private func subject(_ path: String) -> String {
    let way = path == target.cleanPath ? "" : " (through links: \(path))"
    return "the \(kind.rawValue) `\(name)` can't be copied to \(target)\(way)"
  }
}

extension String {
  /// The text as an absolute path without `.`, `..`, repeated or trailing slashes.
  var cleanPath: String { Path.join("/", self) }
}
