import Cgroups
import Foundation
import PodIdentity
import TestSupport
import Testing

/// A process that a test puts into a cgroup, like one whose container the engine has lost.
struct Straggler: Sendable {
  let process: RunningCommand
  let path: String

  /// Whether it is alive.
  var lives: Bool { process.status == nil }

  /// Creates the cgroup in hierarchies of the engine's version, and starts a process in it.
  init(_ path: String, _ engine: TestEngine) async throws {
    self.path = path
    let roots =
      engine.cgroups == .v2
      ? [try #require(try Hierarchy.unifiedRoot())]
      : try ["freezer", "pids"].map { try #require(try Hierarchy.root(of: $0)) }
    for root in roots {
      try FileManager.default.createDirectory(
        atPath: root + path, withIntermediateDirectories: true)
    }
    let moves = roots.map { "echo $$ > \($0)\(path)/cgroup.procs" }.joined(separator: "; ")
    process = try Command("sh", ["-ec", "\(moves); echo in; exec sleep 1000"]).start()
    try await process.line(containing: "in")
  }

  /// Kills it, and removes its cgroup.
  func remove() async throws {
    process.send(SIGKILL)
    try await process.exit()
    for directory in try Hierarchy.directories(of: path) { Hierarchy.remove(directory) }
  }
}

/// A container ID that no engine has.
func unknownID() -> String {
  (0..<8).map { _ in String(format: "%08x", UInt32.random(in: 0 ... .max)) }.joined()
}

/// Calls `body` with stragglers at some paths, and removes them.
func withStragglers(
  _ paths: [String], _ engine: TestEngine, _ body: ([Straggler]) async throws -> Void
) async throws {
  var stragglers: [Straggler] = []
  var failure: (any Error)?
  do {
    for path in paths { stragglers.append(try await Straggler(path, engine)) }
    try await body(stragglers)
  } catch {
    failure = error
  }
  for straggler in stragglers { try await straggler.remove() }
  for path in paths {
    let run = URL(fileURLWithPath: path).deletingLastPathComponent().path
    for directory in try Hierarchy.directories(of: run) { Hierarchy.remove(directory) }
  }
  if let failure { throw failure }
}

/// The owner that a cgroup names.
enum NamedOwner: String, CaseIterable, Sendable {
  case dead, living, anotherBoot, unknown, nobody

  var owner: PodOwner? {
    var process = Incarnation.current()
    switch self {
    case .living: break
    case .dead: process.startTime = process.startTime.map { $0 - 1 }
    case .anotherBoot:
      process.startTime = process.startTime.map { $0 - 1 }
      process.bootID = UUID().uuidString.lowercased()
    case .unknown: process.pid = nil
    case .nobody: return nil
    }
    return PodOwner(process)
  }
}
