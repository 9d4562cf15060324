import ArgumentParser
import Cgroups
import Foundation
import Glibc
import LibcgroupTree

/// Measures the removal of many runs' cgroups, each in every hierarchy. The rounds alternate
/// between libcgroup and this project's own calls, which compose-executor uses.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bench")

  @Option(help: "The cgroup below which the runs are made; it is removed at the end.")
  var root: String
  @Option(help: "How many runs.") var runs = 500
  @Option(help: "How many groups each run has below it.") var children = 0
  @Option(help: "How often each way takes its turn.") var rounds = 5

  struct Response: Encodable {
    var runs: Int
    var hierarchies: Int
    /// Seconds of each round.
    var library: [Double] = []
    var own: [Double] = []
    /// Seconds of each round with own calls that read the mounts once per run.
    var ownMounts: [Double] = []
  }

  func run() throws {
    let table = try LibcgroupTable.current()
    let mounts = table.tree.mounts
    guard CgroupTree.isPath(root + "/run") else { throw ValidationError("\(root): no path") }
    var response = Response(runs: runs, hierarchies: mounts.hierarchies.count)
    defer { for hierarchy in mounts.hierarchies { rmdir(hierarchy.mountPoint + root) } }
    let ways: [WritableKeyPath<Response, [Double]>] = [\.library, \.own, \.ownMounts]
    for round in 0..<rounds {
      for turn in ways.indices {
        let way = ways[(round + turn) % ways.count]
        let paths = try make(mounts)
        let began = ContinuousClock.now
        for tree in try trees(way) { try remove(paths, tree) }
        if way == \.ownMounts {
          for path in paths {
            try remove([path], CgroupTree(mounts: try CgroupMounts.current()))
          }
        }
        let elapsed = (ContinuousClock.now - began).components
        response[keyPath: way].append(Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18)
        guard paths.allSatisfy({ table.tree.directories(of: $0).isEmpty }) else {
          throw ValidationError("not all cgroups below \(root) were removed")
        }
      }
    }
    try CgroupTool.print(response)
  }

  /// The objects that remove all runs. Empty if the mounts are read for each run.
  private func trees(_ way: WritableKeyPath<Response, [Double]>) throws -> [CgroupTree] {
    switch way {
    case \.library: [try LibcgroupTable.current().tree]
    case \.own: [CgroupTree(mounts: try CgroupMounts.current())]
    default: []
    }
  }

  /// Like the reaper, removes a run only if no hierarchy has a process in it.
  private func remove(_ paths: [String], _ tree: CgroupTree) throws {
    let own = tree.own(membership: try CgroupMembership.current())
    for path in paths where tree.occupancy(path) == .empty {
      for (directory, reason) in tree.remove(path, keeping: own) {
        throw ValidationError("\(directory): \(reason)")
      }
    }
  }

  private func make(_ mounts: CgroupMounts) throws -> [String] {
    let paths = (0..<runs).map { "\(root)/run-\($0)" }
    let groups =
      [root] + paths + paths.flatMap { path in (0..<children).map { "\(path)/\($0)" } }
    for hierarchy in mounts.hierarchies {
      for group in groups where mkdir(hierarchy.mountPoint + group, 0o755) != 0 && errno != EEXIST {
        throw ValidationError(
          "\(hierarchy.mountPoint)\(group): \(String(cString: strerror(errno)))")
      }
    }
    return paths
  }
}
