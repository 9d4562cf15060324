import Glibc
import PodIdentity
import SystemPackage
import Linux

/// The processes of a cgroup in all hierarchies together.
package enum CgroupOccupancy: Sendable, Equatable {
  /// No hierarchy has the cgroup.
  case missing
  /// No process is in the cgroup or its descendants.
  case empty
  /// These processes are in the cgroup or its descendants.
  case populated(Set<Int32>)
  /// The cgroup could not be read.
  case unreadable(String)

  /// Whether it is certain that the cgroup has no processes.
  package var isWithoutProcesses: Bool { self == .empty || self == .missing }
}

extension CgroupTree {
  /// Finds the processes in a cgroup and its descendants, in every hierarchy.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path below the hierarchies' roots.
  ///   - names: names of child cgroups to skip, such as those of known containers.
  /// - Returns: the processes.
  package func occupancy(_ path: String, excluding names: Set<String> = []) -> CgroupOccupancy {
    var processes: Set<Int32> = []
    var isThere = false
    do {
      for hierarchy in mounts.hierarchies {
        guard try Self.isDirectory(hierarchy.mountPoint + path) else { continue }
        isThere = true
        let directory = FilePath(hierarchy.mountPoint + path)
        processes.formUnion(try Self.processes(in: directory))
        var tree = try Self.subdirectories(of: directory).filter {
          !names.contains($0.lastComponent?.string ?? "")
        }
        while let next = tree.popLast() {
          processes.formUnion(try Self.processes(in: next))
          tree += try Self.subdirectories(of: next)
        }
      }
    } catch {
      return .unreadable("\(path): \(error)")
    }
    guard isThere else { return .missing }
    return processes.isEmpty ? .empty : .populated(processes)
  }

  /// The names of the child cgroups of a cgroup, in all hierarchies.
  ///
  /// - Parameter path: the cgroup's path, such as `/mesos`.
  /// - Returns: the names.
  package func children(of path: String) -> Set<String> {
    var names: Set<String> = []
    for directory in directories(of: path) {
      let found = (try? Self.subdirectories(of: FilePath(directory))) ?? []
      names.formUnion(found.compactMap { $0.lastComponent?.string })
    }
    return names
  }

  /// Whether cgroups at a path may be changed: it is absolute, has no `.` or `..`, and is strictly
  /// below a top-level cgroup. Every function that removes, thaws or kills checks this first,
  /// because roots and top-level cgroups belong to others.
  ///
  /// - Parameter path: the cgroup's path, such as `/mesos/RUN`.
  /// - Returns: true if it is such a path.
  package static func isPath(_ path: String) -> Bool {
    // Bytes are compared, as in the kernel: a slash with a combining character is one Character.
    let components = path.utf8.split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard components.count >= 3, components[0].isEmpty, path.utf8.count < 4096 else { return false }
    return components.dropFirst().allSatisfy { IDCheck.problem(String(Substring($0))) == nil }
  }

  static func processes(in directory: FilePath) throws -> Set<Int32> {
    do {
      let text = try TextFile.text(directory.appending("cgroup.procs"))
      return Set(text.split(separator: "\n").compactMap { Int32($0) })
    } catch let error as Errno where error == .noSuchFileOrDirectory || error.rawValue == ENODEV {
      return []  // removed meanwhile
    }
  }
}
