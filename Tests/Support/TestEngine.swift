import Foundation

/// A Docker Engine that the tests may do anything with, started for them by `make test`.
///
/// ```swift
/// @Test(.enabled(if: !TestEngine.all.isEmpty, "needs an engine: make test"), arguments: TestEngine.all)
/// func runs(on engine: TestEngine) async throws { … }
/// ```
public struct TestEngine: Sendable, Equatable, CustomStringConvertible {
  /// The version of the cgroup hierarchy that an engine puts its containers in.
  public enum CgroupVersion: String, Sendable {
    /// A hierarchy for each controller.
    case v1
    /// The unified one.
    case v2
  }

  /// The path of the engine's socket.
  public let socket: String
  /// The cgroup version that it works with.
  public let cgroups: CgroupVersion

  /// Describes an engine that listens at a socket.
  public init(socket: String, cgroups: CgroupVersion) {
    self.socket = socket
    self.cgroups = cgroups
  }

  /// The engine on cgroup v1 (TEST_DOCKER_HOST); nil where there is none.
  public static let v1 = TestEngine(variable: "TEST_DOCKER_HOST", cgroups: .v1)
  /// The engine on cgroup v2 (TEST_DOCKER_HOST_V2); nil where there is none.
  public static let v2 = TestEngine(variable: "TEST_DOCKER_HOST_V2", cgroups: .v2)
  /// Those that there are.
  public static let all = [v1, v2].compactMap { $0 }

  /// The value of DOCKER_HOST that selects this engine.
  public var dockerHost: String { "unix://\(socket)" }

  /// Names a test's case.
  public var description: String { "cgroup \(cgroups.rawValue)" }

  /// A `docker` command line on this engine.
  public func docker(_ arguments: String...) -> Command {
    Command("docker", arguments, environment: ["DOCKER_HOST": dockerHost])
  }

  private init?(variable: String, cgroups: CgroupVersion) {
    let value = ProcessInfo.processInfo.environment[variable] ?? ""
    guard value.hasPrefix("unix://") else { return nil }
    self.init(socket: String(value.dropFirst("unix://".count)), cgroups: cgroups)
  }
}
