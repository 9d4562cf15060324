import Glibc
import PodIdentity
import SystemPackage
import Linux

/// The processes of a cgroup in all hierarchies together.
public enum CgroupLook: Sendable, Equatable {
  /// No hierarchy has the cgroup.
  case missing
  /// No process is in the cgroup or its descendants.
  case empty
  /// These processes are in the cgroup or its descendants.
  case populated(Set<Int32>)
  /// The cgroup could not be read.
  case unreadable(String)

  /// Whether it is certain that the cgroup has no processes.
  public var isWithoutProcesses: Bool { self == .empty || self == .missing }
}

extension CgroupFolders {
  /// Finds the processes in a cgroup and its descendants, in every hierarchy.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path below the hierarchies' roots.
  ///   - names: names of child cgroups to skip, such as those of known containers.
  /// - Returns: the processes.
  public func look(_ path: String, passingOver names: Set<String> = []) -> CgroupLook {
    var processes: Set<Int32> = []
    var isThere = false
    do {
      for hierarchy in mounts.hierarchies {
        guard try Self.isFolder(hierarchy.mountPoint + path) else { continue }
        isThere = true
        let folder = FilePath(hierarchy.mountPoint + path)
        processes.formUnion(try Self.processes(in: folder))
        var tree = try Self.subfolders(of: folder).filter {
          !names.contains($0.lastComponent?.string ?? "")
        }
        while let next = tree.popLast() {
          processes.formUnion(try Self.processes(in: next))
          tree += try Self.subfolders(of: next)
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
  public func children(of path: String) -> Set<String> {
    var names: Set<String> = []
    for folder in folders(of: path) {
      let found = (try? Self.subfolders(of: FilePath(folder))) ?? []
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
  public static func isPath(_ path: String) -> Bool {
    // Bytes are compared, as in the kernel: a slash with a combining character is one Character.
    let components = path.utf8.split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard components.count >= 3, components[0].isEmpty, path.utf8.count < 4096 else { return false }
    return components.dropFirst().allSatisfy { IDCheck.problem(String(Substring($0))) == nil }
  }

  static func processes(in folder: FilePath) throws -> Set<Int32> {
    do {
      let text = try TextFile.text(folder.appending("cgroup.procs"))
      return Set(text.split(separator: "\n").compactMap { Int32($0) })
    } catch let error as Errno where error == .noSuchFileOrDirectory || error.rawValue == ENODEV {
      return []  // removed meanwhile
    }
  }
}
