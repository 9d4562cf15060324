import Foundation
import PodIdentity
import TestSupport
import Testing

/// The units of the engine's systemd.
struct SystemdView: Sendable {
  let engine: TestEngine

  /// The units of a run: its slice, and scopes in it.
  func units(_ run: String) async throws -> [String] {
    let unit = try #require(PodSlice(run: run)).unit
    let list = try await engine.inside(
      "systemctl", "list-units", "--all", "--plain", "--no-legend", unit, "docker-*.scope"
    ).output()
    var found: [String] = []
    for name in list.split(separator: "\n").compactMap({ $0.split(separator: " ").first }) {
      let slice = try await show(String(name), "Slice")
      if name == unit || slice == unit { found.append(String(name)) }
    }
    return found
  }

  /// A property of a unit.
  func show(_ unit: String, _ property: String) async throws -> String {
    try await engine.inside("systemctl", "show", "--value", "-p", property, unit).output()
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The contents of a file of a run's slice in the hierarchy of a controller.
  func file(_ name: String, of controller: String, _ run: String) throws -> String {
    let root = try #require(try Hierarchy.root(of: controller))
    let path = try #require(PodSlice(run: run)).path
    return try String(contentsOfFile: "\(root)\(path)/\(name)", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The limits of a run in the kernel: memory, CPU quota and CPU shares.
  func limits(_ run: String) throws -> [String] {
    [
      try file("memory.limit_in_bytes", of: "memory", run),
      try file("cpu.cfs_quota_us", of: "cpu", run), try file("cpu.shares", of: "cpu", run),
    ]
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test if there is no engine with the systemd cgroup driver.
  static var needsSystemd: ConditionTrait {
    .enabled(
      if: TestEngine.systemd != nil,
      "needs an engine with the systemd cgroup driver, which needs cgroup v1: make test")
  }
}
