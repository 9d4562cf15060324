import ArgumentParser
import Cgroups
import Foundation
import LibcgroupTree
import SystemPackage

/// Handles cgroups like pod-reaper, in a separate process that tests run in mount namespaces.
@main
struct CgroupTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cgroup-tool",
    abstract: "Lists, removes and measures cgroups as pod-reaper does.",
    subcommands: [MountsCommand.self, RemoveCommand.self, BenchCommand.self])

  static func print(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}

/// Prints the mounted hierarchies.
struct MountsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "mounts")

  struct Response: Encodable {
    struct Mount: Encodable {
      var mountPoint: String
      var controllers: [String]
      var version: String
      /// True if libcgroup handles the hierarchy.
      var isLibrary: Bool
    }
    var mounts: [Mount]
    var failure: String?
  }

  func run() throws {
    let table = try LibcgroupTable.current()
    let mounts = table.tree.mounts.hierarchies.map {
      Response.Mount(
        mountPoint: $0.mountPoint, controllers: $0.controllers, version: $0.version.rawValue,
        isLibrary: table.covered.contains($0))
    }
    try CgroupTool.print(Response(mounts: mounts, failure: table.failure))
  }
}

/// Removes a cgroup and prints the groups that still exist.
struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "remove")

  @Argument(help: "The cgroup's path below the hierarchies' roots.") var path: String
  @Flag(help: "Without libcgroup, as compose-executor does.") var own = false
  @Option(help: "A shell command between the reading of the mounts and the removal.")
  var between: String?
  @Flag(help: "The mounts are read once more before the removal, for another table.")
  var again = false

  struct Left: Encodable {
    var directory: String
    var reason: Int32
  }

  func run() throws {
    let table = try LibcgroupTable.current()
    if let between {
      let shell = Process()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = ["-ec", between]
      try shell.run()
      shell.waitUntilExit()
      guard shell.terminationStatus == 0 else { throw ExitCode(2) }
    }
    if again { _ = try LibcgroupTable.current() }
    let tree = own ? CgroupTree(mounts: table.tree.mounts) : table.tree
    try CgroupTool.print(
      tree.remove(path, keeping: table.own).map {
        Left(directory: $0.directory, reason: $0.reason.rawValue)
      })
  }
}
