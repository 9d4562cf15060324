import Cgroups
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import LibcgroupTree

/// Trees that are hard to walk, in the host's real hierarchies.
@Suite("A tree of cgroups", .serialized)
struct OddGroupTests {
  @Test("is removed whatever characters its names contain")
  func names() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run)
      let names: [[UInt8]] = [
        Array("a b".utf8), Array("%s%n".utf8), Array("back\\slash".utf8), Array("...".utf8),
        Array("-rf".utf8), Array("*?[x]".utf8), Array("a:b,c".utf8), Array("\"'`$(x)".utf8),
        Array("\t\u{1}\u{7f}".utf8), Array("é\u{301}\u{2028}".utf8), [0xff, 0xfe, 0x80],
        Array(repeating: UInt8(ascii: "n"), count: 255),
      ]
      for hierarchy in scene.mounts.hierarchies {
        for name in names {
          var path = Array("\(hierarchy.mountPoint)\(scene.run)/".utf8) + name
          for end in ["", "/below"] {
            path += Array(end.utf8)
            let status = path.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
              mkdir(Array(buffer) + [0], 0o755)
            }
            #expect(status == 0, "\(name)")
          }
        }
      }
      #expect(try await scene.remove(scene.run).isEmpty)
      #expect(scene.hierarchies(with: scene.run).isEmpty)
    }
  }

  @Test("is removed at a depth of 50 groups")
  func deep() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run + String(repeating: "/x", count: 50))
      #expect(try await scene.remove(scene.run).isEmpty)
      #expect(scene.hierarchies(with: scene.run).isEmpty)
    }
  }

  /// Creates a chain of groups, by names relative to each other. The path of the last one has
  /// `length` bytes.
  private func chain(_ top: String, length: Int) throws -> String {
    var path = top
    var directory = open(top, O_DIRECTORY | O_CLOEXEC)
    #expect(directory >= 0)
    while path.utf8.count < length {
      // The rest must have room for a slash and a name.
      let rest = length - path.utf8.count - 1
      let name = String(repeating: "n", count: rest <= 200 ? rest : min(200, rest - 2))
      #expect(mkdirat(directory, name, 0o755) == 0 || errno == EEXIST)
      let next = openat(directory, name, O_DIRECTORY | O_CLOEXEC)
      #expect(next >= 0)
      close(directory)
      directory = next
      path += "/" + name
    }
    close(directory)
    return path
  }

  @Test(
    "is removed when its paths are as long as the library and the kernel allow",
    arguments: [4093, 4094, 4095])
  func long(_ length: Int) async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run)
      for hierarchy in scene.mounts.hierarchies {
        let path = try chain(hierarchy.mountPoint + scene.run, length: length)
        #expect(path.utf8.count == length)
      }
      #expect(try await scene.remove(scene.run).isEmpty)
      #expect(scene.hierarchies(with: scene.run).isEmpty)
    }
  }

  @Test("is reported if its paths are longer than the kernel allows")
  func tooLong() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run)
      for hierarchy in scene.mounts.hierarchies {
        _ = try chain(hierarchy.mountPoint + scene.run, length: 4500)
      }
      let left = try await scene.remove(scene.run)
      let tops = scene.mounts.hierarchies.map { $0.mountPoint + scene.run }
      #expect(Set(left.map(\.directory)).isSuperset(of: tops))
      #expect(scene.hierarchies(with: scene.run).count == tops.count)
    }
  }

  @Test("isn't confused with a group whose path is a truncation of its own")
  func cut() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run)
      let table = try LibcgroupTable.current()
      #expect(!table.covered.isEmpty)
      for hierarchy in table.covered {
        let top = hierarchy.mountPoint + scene.run
        let neighbour = try chain(top, length: 4094)
        // libcgroup would cut off the last byte to make room for its slash.
        let long = neighbour + "n"
        #expect(mkdir(long, 0o755) == 0)
        let group = try table.group(scene.run, in: hierarchy)
        #expect(table.library.remove(FilePath(long), from: group) == .declined)
        #expect(FileManager.default.fileExists(atPath: neighbour))
        #expect(FileManager.default.fileExists(atPath: long))
      }
    }
  }

  @Test("may vanish between the walk and the removal")
  func vanished() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run + "/a/b")
      let table = try LibcgroupTable.current()
      for hierarchy in table.covered {
        let top = try table.group(scene.run, in: hierarchy)
        let groups = try #require(table.library.tree(from: top))
        #expect(
          groups == [top.directory.appending("a/b"), top.directory.appending("a"), top.directory])
        for group in groups { #expect(rmdir(group.string) == 0) }
        for group in groups { #expect(table.library.remove(group, from: top) == .gone) }
        #expect(table.library.tree(from: top) == [])
        guard case .missing = table.library.group(top.directory, in: hierarchy) else {
          Issue.record("\(top.directory) is still a group")
          return
        }
      }
    }
  }

  @Test("is removed while another process removes it too")
  func together() async throws {
    try await CgroupScene.with { scene in
      for number in 0..<60 { try scene.make("\(scene.run)/\(number % 6)/\(number)") }
      try await withThrowingTaskGroup(of: Set<CgroupScene.Left>.self) { group in
        for own in [true, false, false] {
          group.addTask { try await scene.remove(scene.run, own: own) }
        }
        for try await left in group { #expect(left.isEmpty) }
      }
      #expect(scene.hierarchies(with: scene.run).isEmpty)
    }
  }
}
