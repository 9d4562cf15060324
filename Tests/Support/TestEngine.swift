import Foundation

/// A Docker Engine that `make test` starts for the tests. They may do anything with it.
///
/// ```swift
/// @Test(
///   .enabled(if: !TestEngine.all.isEmpty, "needs an engine: make test"),
///   arguments: TestEngine.all)
/// func runs(on engine: TestEngine) async throws { … }
/// ```
package struct TestEngine: Sendable, Equatable, CustomStringConvertible {
  /// The version of the cgroup hierarchy that an engine uses.
  package enum CgroupVersion: String, Sendable {
    /// A hierarchy for each controller.
    case v1
    /// The unified hierarchy.
    case v2
  }

  /// The path of the engine's socket.
  package let socket: String
  /// The cgroup version of the engine.
  package let cgroups: CgroupVersion

  /// For an engine with the systemd cgroup driver: a process in the mount namespace in which the
  /// engine's systemd is visible.
  package let space: Int32?

  /// Creates an engine that listens at a socket.
  package init(socket: String, cgroups: CgroupVersion, space: Int32? = nil) {
    self.socket = socket
    self.cgroups = cgroups
    self.space = space
  }

  /// The engine on cgroup v1 (TEST_DOCKER_HOST). Nil if there is none.
  package static let v1 = TestEngine(
    variable: "TEST_DOCKER_HOST", cgroups: .v1, space: "TEST_DOCKER_SPACE")
  /// The engine on cgroup v2 (TEST_DOCKER_HOST_V2). Nil if there is none.
  package static let v2 = TestEngine(variable: "TEST_DOCKER_HOST_V2", cgroups: .v2)
  /// The engine with the systemd cgroup driver on cgroup v1 (TEST_DOCKER_HOST_SYSTEMD, and
  /// TEST_DOCKER_SPACE_SYSTEMD for a process in its mount namespace). Nil if there is none.
  package static let systemd = TestEngine(
    variable: "TEST_DOCKER_HOST_SYSTEMD", cgroups: .v1, space: "TEST_DOCKER_SPACE_SYSTEMD")
  /// The available engines with the cgroup driver cgroupfs.
  package static let all = [v1, v2].compactMap { $0 }

  /// The value of DOCKER_HOST that selects this engine.
  package var dockerHost: String { "unix://\(socket)" }

  /// The name of a test case.
  package var description: String {
    "cgroup \(cgroups.rawValue)" + (space == nil ? "" : ", systemd's")
  }

  /// A command line that runs in the mount namespace of the engine's systemd, in the same
  /// directory. Unchanged for other engines.
  package func enter(_ words: [String]) -> [String] {
    guard let space else { return words }
    return [
      "/bin/sh", "-c", #"exec nsenter "--mount=/proc/$0/ns/mnt" "--wd=$PWD" -- "$@""#, "\(space)",
    ]
      + words
  }

  /// A command that runs in the mount namespace of the engine's systemd.
  package func inside(_ words: String...) -> Command {
    let line = enter(words)
    return Command(line[0], Array(line.dropFirst()), environment: ["DOCKER_HOST": dockerHost])
  }

  /// A `docker` command line on this engine.
  package func docker(_ arguments: String...) -> Command {
    Command("docker", arguments, environment: ["DOCKER_HOST": dockerHost])
  }

  private init?(variable: String, cgroups: CgroupVersion, space: String? = nil) {
    let environment = ProcessInfo.processInfo.environment
    let value = environment[variable] ?? ""
    guard value.hasPrefix("unix://") else { return nil }
    self.init(
      socket: String(value.dropFirst("unix://".count)), cgroups: cgroups,
      space: space.flatMap { environment[$0] }.flatMap { Int32($0) })
  }
}
