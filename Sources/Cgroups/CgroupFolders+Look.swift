import Glibc
import PodIdentity
import SystemPackage

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
}

extension CgroupFolders {
  /// Looks for processes in a cgroup and below, in every hierarchy.
  ///
  /// - Parameters:
  ///   - path: the cgroup's path below the hierarchies' roots.
  ///   - names: folders directly below it that are passed over, such as those of known containers.
  /// - Returns: what there is.
  public func look(_ path: String, passingOver names: Set<String> = []) -> CgroupLook {
    let found = folders(of: path)
    if found.isEmpty { return .missing }
    var processes: Set<Int32> = []
    do {
      for folder in found {
        processes.formUnion(try Self.processes(in: folder))
        for child in subfolders(folder) where !names.contains(child) {
          processes.formUnion(try Self.processesBelow(folder + "/" + child, depth: 1))
        }
      }
    } catch {
      return .unreadable("\(path): \(error)")
    }
    return processes.isEmpty ? .empty : .populated(processes)
  }

  /// The names of the cgroups directly below one, of all hierarchies.
  ///
  /// - Parameter path: the cgroup's path, such as `/mesos`.
  /// - Returns: the names.
  public func children(of path: String) -> Set<String> {
    var names: Set<String> = []
    for folder in folders(of: path) { names.formUnion(subfolders(folder)) }
    return names
  }

  /// Whether a path from a label names a cgroup that may be a run's: absolute, without detours, at least two
  /// components, the last of them the run. Labels are data that anybody could have written.
  public static func isPath(_ path: String, of run: String) -> Bool {
    let components = path.split(separator: "/", omittingEmptySubsequences: false)
    guard components.count >= 3, components[0].isEmpty, path.utf8.count < 4096 else { return false }
    return components.dropFirst().allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
      && components.last.map(String.init) == run && !path.utf8.contains(0)
  }

  private static func processesBelow(_ folder: String, depth: Int) throws -> Set<Int32> {
    var found = try processes(in: folder)
    guard depth < 32 else { throw Errno.tooManySymbolicLinkLevels }
    for child in Self.names(in: folder) {
      found.formUnion(try processesBelow(folder + "/" + child, depth: depth + 1))
    }
    return found
  }

  private static func processes(in folder: String) throws -> Set<Int32> {
    do {
      let text = try KernelFile.text(folder + "/cgroup.procs")
      return Set(text.split(separator: "\n").compactMap { Int32($0) })
    } catch let error as Errno where error == .noSuchFileOrDirectory || error.rawValue == ENODEV {
      return []  // removed meanwhile
    }
  }
}
