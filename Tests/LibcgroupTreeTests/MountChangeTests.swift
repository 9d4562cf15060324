import Cgroups
import Foundation
import Glibc
import TestSupport
import Testing

/// Unusual mounts and mounts that change, in mount namespaces that the tests create.
@Suite(
  "A hierarchy", .serialized,
  .enabled(if: CgroupView.all.count > 1, "this host mounts no version 1"))
struct MountChangeTests {
  @Test("that is mounted twice is processed once")
  func twice() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run + "/a")
      let again = scene.directory.path("again")
      let setup = "mkdir -p \(again); mount -t cgroup -o freezer none \(again)"
      try await scene.withSleeper(in: scene.run + "/a") { _ in
        let left = try await scene.remove(scene.run, setup: setup)
        let directories = left.map(\.directory).filter {
          $0.contains("freezer") || $0.contains("again")
        }
        let top = try scene.mountPoint(of: "freezer") + scene.run
        #expect(Set(directories) == [top, top + "/a"] && directories.count == 2, "\(left)")
      }
      #expect(try await scene.remove(scene.run, setup: setup).isEmpty)
      #expect(scene.hierarchies(with: scene.run).isEmpty)
    }
  }

  @Test("is found behind an earlier mount of one of its subtrees, and the subtree is left alone")
  func subTree() async throws {
    try await CgroupScene.with { scene in
      // The run's path exists below the subtree too, as a different group.
      let freezer = try scene.mountPoint(of: "freezer")
      let decoy = scene.root + "/sub" + scene.run
      try scene.make(decoy)
      try scene.make(scene.run)
      let (sub, whole) = (scene.directory.path("sub"), scene.directory.path("whole"))
      let setup = """
        mkdir \(sub) \(whole)
        mount --bind \(freezer)\(scene.root)/sub \(sub)
        umount \(freezer)
        mount -t cgroup -o freezer none \(whole)
        """
      #expect(try await scene.remove(scene.run, setup: setup).isEmpty)
      #expect(scene.hierarchies(with: scene.run).isEmpty)
      #expect(scene.hierarchies(with: decoy).count == scene.mounts.hierarchies.count)
    }
  }

  @Test("that is mounted read-only is reported, and the others are processed")
  func readOnly() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run + "/a")
      let freezer = try scene.mountPoint(of: "freezer")
      let left = try await scene.remove(
        scene.run, setup: "mount -o remount,bind,ro \(freezer)")
      let top = freezer + scene.run
      #expect(
        left == [.init(directory: top, reason: EROFS), .init(directory: top + "/a", reason: EROFS)])
      #expect(scene.hierarchies(with: scene.run) == ["freezer"])
    }
  }

  @Test("that is unmounted before the walk has no group, and files below the mount point are kept")
  func unmounted() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run)
      let freezer = try scene.mountPoint(of: "freezer")
      let location = scene.directory.path("freezer")
      let below = "\(location)\(scene.run)/below"
      let left = try await scene.remove(
        scene.run,
        setup: "umount \(freezer); mkdir \(location); mount -t cgroup -o freezer none \(location)",
        between: "umount \(location); mkdir -p \(below)")
      #expect(left.isEmpty)
      #expect(FileManager.default.fileExists(atPath: below))
      #expect(scene.hierarchies(with: scene.run) == ["freezer"])
    }
  }

  @Test("is processed even if another one is mounted over its mount point before the walk")
  func replaced() async throws {
    try await CgroupScene.with { scene in
      try scene.make(scene.run)
      let freezer = try scene.mountPoint(of: "freezer")
      let left = try await scene.remove(
        scene.run, between: "umount \(freezer); mount -t cgroup2 none \(freezer)")
      #expect(left.isEmpty)
      // Version 2 is processed at its own mount point.
      #expect(scene.hierarchies(with: scene.run) == ["freezer"])
    }
  }

  @Test("is processed even if the library's table now lists another mount of it")
  func renewed() async throws {
    try await CgroupScene.with { scene in
      let freezer = try scene.mountPoint(of: "freezer")
      let decoy = scene.root + "/sub" + scene.run
      try scene.make(decoy)
      try scene.make(scene.run)
      let sub = scene.directory.path("sub")
      let left = try await scene.remove(
        scene.run, setup: "mkdir \(sub); mount --bind \(freezer)\(scene.root)/sub \(sub)",
        // From now on the subtree's mount is listed first.
        between: "umount \(freezer); mount -t cgroup -o freezer none \(freezer)", again: true)
      #expect(left.isEmpty)
      #expect(scene.hierarchies(with: scene.run).isEmpty)
      #expect(scene.hierarchies(with: decoy).count == scene.mounts.hierarchies.count)
    }
  }

  @Test("has no symbolic links followed, neither below a group nor in its path")
  func links() async throws {
    try await CgroupScene.with { scene in
      for group in ["/run/sub", "/other/group"] { try scene.make(scene.root + group) }
      let freezer = try scene.mountPoint(of: "freezer")
      let outside = scene.directory.path("outside/empty")
      try FileManager.default.createDirectory(
        atPath: outside, withIntermediateDirectories: true)
      // A hierarchy's file system has no symbolic links. A file system that is mounted on a group
      // has.
      let mounted = "\(freezer)\(scene.run)/sub"
      let setup = """
        mount -t tmpfs none \(mounted)
        ln -s \(freezer)\(scene.root)/other \(mounted)/group
        ln -s \(scene.directory.path("outside")) \(mounted)/outside
        ln -s / \(mounted)/root
        mkdir \(mounted)/inside
        """
      let left = try await scene.remove(scene.run, setup: setup)
      #expect(
        left.isSuperset(of: [.init(directory: freezer + scene.run, reason: EBUSY)]), "\(left)")
      #expect(left.allSatisfy { $0.directory.hasPrefix(freezer + scene.run) })
      let all = scene.hierarchies(with: scene.root)
      #expect(scene.hierarchies(with: scene.root + "/other/group") == all)
      #expect(scene.hierarchies(with: scene.run + "/sub") == ["freezer"])
      #expect(FileManager.default.fileExists(atPath: outside))
      // The run itself is a link.
      let linked = try await scene.remove(scene.run + "/sub/group/group", setup: setup)
      #expect(linked.isEmpty, "\(linked)")
      #expect(scene.hierarchies(with: scene.root + "/other/group") == all)
    }
  }
}
