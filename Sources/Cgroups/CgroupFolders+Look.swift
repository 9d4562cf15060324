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

  /// Whether a path from a label names a cgroup that may be a run's: absolute, without detours, at least two
  /// components, the last of them the run. Labels are data that anybody could have written.
  public static func isPath(_ path: String, of run: String) -> Bool {
    // Bytes are looked at, as the kernel does: a slash and what is written over it are one character.
    let slash = UInt8(ascii: "/")
    let components = path.utf8.split(separator: slash, omittingEmptySubsequences: false)
    guard components.count >= 3, components[0].isEmpty, path.utf8.count < 4096,
      !path.utf8.contains(0)
    else { return false }
    return components.dropFirst().allSatisfy { component in
      !["", ".", ".."].contains { component.elementsEqual($0.utf8) }
    } && components[components.count - 1].elementsEqual(run.utf8)
  }

  private static func processes(in folder: FilePath) throws -> Set<Int32> {
    do {
      let text = try KernelFile.text(folder.appending("cgroup.procs"))
      return Set(text.split(separator: "\n").compactMap { Int32($0) })
    } catch let error as Errno where error == .noSuchFileOrDirectory || error.rawValue == ENODEV {
      return []  // removed meanwhile
    }
  }
}
