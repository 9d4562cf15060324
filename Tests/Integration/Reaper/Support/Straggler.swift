import Cgroups
import Foundation
import PodIdentity
import TestSupport
import Testing

/// A process that a test puts into a cgroup, as an engine leaves it that has forgotten its container.
struct Straggler: Sendable {
  let process: RunningCommand
  let path: String

  /// Whether it lives.
  var lives: Bool { process.status == nil }

  /// Makes the cgroup in hierarchies of the engine's version, and starts a process in it.
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

  /// Ends it, and removes its cgroup.
  func remove() async throws {
    process.send(SIGKILL)
    try await process.exit()
    for folder in try Hierarchy.folders(of: path) { Hierarchy.remove(folder) }
  }
}

/// A container's ID that no engine has.
func unknownID() -> String {
  (0..<8).map { _ in String(format: "%08x", UInt32.random(in: 0 ... .max)) }.joined()
}

/// Lends stragglers at some paths, and takes them away.
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
    for folder in try Hierarchy.folders(of: run) { Hierarchy.remove(folder) }
  }
  if let failure { throw failure }
}

/// Whom a cgroup names as its owner.
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
