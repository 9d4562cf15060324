import Foundation
import PodIdentity
import TestSupport
import Testing

/// The remaining objects of a run: containers, networks, volumes, cgroups.
struct Leftovers: Sendable {
  var containers: [String]
  var networks: [String]
  var volumes: [String]
  var cgroups: [String]

  var isEmpty: Bool {
    containers.isEmpty && networks.isEmpty && volumes.isEmpty && cgroups.isEmpty
  }

  /// Finds objects by a run's label, and the directories of its cgroup in every hierarchy.
  static func of(run: String, on engine: TestEngine) async throws -> Leftovers {
    let label = "label=mesos.container_id=\(run)"
    async let containers = engine.docker("ps", "-aq", "--no-trunc", "--filter", label).output()
    async let networks = engine.docker("network", "ls", "-q", "--filter", label).output()
    async let volumes = engine.docker("volume", "ls", "-q", "--filter", label).output()
    return Leftovers(
      containers: try await words(containers), networks: try await words(networks),
      volumes: try await words(volumes),
      cgroups: try Hierarchy.directories(of: "/compose-pods/\(run)")
        + Hierarchy.directories(of: try #require(PodSlice(run: run)).path))
  }

  private static func words(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map(String.init)
  }

  /// Removes the objects that a failed test left, so that they don't affect others.
  func remove(from engine: TestEngine) async throws {
    for container in containers { try await engine.docker("rm", "-fv", container).run() }
    for network in networks { try await engine.docker("network", "rm", network).run() }
    for volume in volumes { try await engine.docker("volume", "rm", volume).run() }
    for directory in cgroups { Hierarchy.remove(directory) }
  }
}

/// Records an issue if any object of a stopped pod is left, and removes it.
func expectNothingLeft(
  of pod: RunningPod, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let left = try await Leftovers.of(run: pod.run, on: pod.engine)
  #expect(left.isEmpty, "\(pod.task) left \(left)", sourceLocation: sourceLocation)
  if !left.isEmpty { try await left.remove(from: pod.engine) }
}

/// A mounted cgroup hierarchy.
struct Hierarchy: Sendable {
  /// The mount point of its root.
  let root: String
  /// Its controllers, or `name=…`; empty for version 2.
  let controllers: [String]

  /// All hierarchies that this process sees.
  static func all() throws -> [Hierarchy] {
    try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8).split(separator: "\n")
      .compactMap { line in
        let halves = line.components(separatedBy: " - ")
        let fields = halves[0].split(separator: " ")
        let kind = halves[1].split(separator: " ")
        guard kind[0] == "cgroup" || kind[0] == "cgroup2" else { return nil }
        let options = kind[2].split(separator: ",").map(String.init)
        return Hierarchy(
          root: String(fields[4]),
          controllers: kind[0] == "cgroup2" ? [] : options.filter { $0 != "rw" && $0 != "xattr" })
      }
  }

  /// The root of the hierarchy with a controller.
  static func root(of controller: String) throws -> String? {
    try all().first { $0.controllers.contains(controller) }?.root
  }

  /// The root of the version 2 hierarchy.
  static func unifiedRoot() throws -> String? { try all().first { $0.controllers.isEmpty }?.root }

  /// The directories of a cgroup in all hierarchies.
  static func directories(of path: String) throws -> [String] {
    try all().map { $0.root + path }.filter { FileManager.default.fileExists(atPath: $0) }
  }

  /// Removes a cgroup with all cgroups below it; those that have a process are kept.
  static func remove(_ directory: String) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
      var isDirectory: ObjCBool = false
      let path = "\(directory)/\(name)"
      if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory),
        isDirectory.boolValue
      {
        remove(path)
      }
    }
    rmdir(directory)
  }
}
