import Glibc
import PodIdentity
import SystemPackage
import Linux

/// What a look at a cgroup found, all hierarchies together.
public enum CgroupLook: Sendable, Equatable {
  /// No hierarchy has it.
  case missing
  /// No process is in it or below.
  case empty
  /// These processes are in it or below.
  case populated(Set<Int32>)
  /// It couldn't be read.
  case unreadable(String)

  /// Whether it is known that no process is in it.
  public var isWithoutProcesses: Bool { self == .empty || self == .missing }
}

extension CgroupFolders {
  /// Looks for processes in a cgroup and below, in every hierarchy.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path below the hierarchies' roots.
  ///   - names: folders directly below it that are passed over, such as those of known containers.
  /// - Returns: what there is.
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

  /// The names of the cgroups directly below one, of all hierarchies.
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

  /// Whether a path may be worked on: absolute, strictly below one of a hierarchy's top folders, without detours.
  /// Whatever removes, thaws or kills asks this first: roots and top folders belong to others.
  ///
  /// - Parameter path: the cgroup's path, such as `/mesos/RUN`.
  /// - Returns: whether it is such a path.
  public static func isPath(_ path: String) -> Bool {
    // Bytes are looked at, as the kernel does: a slash and what is written over it are one character.
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
