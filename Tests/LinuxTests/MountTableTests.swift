import Testing

@testable import Linux

@Suite("A table of mounts")
struct MountTableTests {
  private let table = MountTable(
    mountinfo: """
      22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      30 22 0:40 / /sandbox rw - tmpfs none rw
      31 30 8:1 /volumes/a\\040b /sandbox/data rw master:7 - ext4 /dev/sda1 rw
      32 30 8:2 /x /sandbox/data ro,nosuid - ext4 /dev/sdb1 rw
      broken
      33 30 8:3 / /sandbox/database rw - ext4
      """)

  @Test("has the mount of a path: the last of the deepest")
  func mounts() throws {
    #expect(table.mounts.count == 5)
    #expect(table.mount(of: "/sandbox/data/x")?.device == "8:2")
    #expect(table.mount(of: "/sandbox/database")?.device == "8:3")
    #expect(table.mount(of: "/sandbox/dat")?.device == "0:40")
    #expect(table.mount(of: "/")?.device == "8:1")
    #expect(table.mounts[2].root == "/volumes/a b" && table.mounts[2].isPropagated)
    #expect(table.mounts[3].isReadOnly && !table.mounts[2].isReadOnly)
    #expect(!table.mounts[3].isPropagated && table.mounts[0].isPropagated)
  }
}
