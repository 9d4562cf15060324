import Testing

@testable import Cgroups

let run = "0c1b7e42-9a61-4a93-8c1e-3f36a8f1d7aa"

@Suite("The cgroup parent")
struct CgroupParentTests {
  private func choose(_ text: String, _ version: CgroupVersion) -> CgroupParent {
    CgroupParent.choose(run: run, version: version, membership: CgroupMembership(text: text))
  }

  @Test("is the executor's own Mesos cgroup, whatever the name of its root")
  func mesos() {
    let text = """
      9:name=systemd:/
      6:freezer:/agents/\(run)
      4:memory:/agents/\(run)
      2:cpu,cpuacct:/agents/\(run)
      0::/
      """
    #expect(choose(text, .v1) == CgroupParent(path: "/agents/\(run)", isMesos: true))
  }

  @Test("is found by the freezer alone if no isolator runs")
  func freezerOnly() {
    let text = "6:freezer:/mesos/\(run)\n4:memory:/\n1:cpu:/\n0::/"
    #expect(choose(text, .v1) == CgroupParent(path: "/mesos/\(run)", isMesos: true))
  }

  @Test("is not the group of another supervisor")
  func supervisor() {
    let text = "6:freezer:/\n4:memory:/process_api/8387798f\n1:cpu:/user.slice\n0::/"
    #expect(choose(text, .v1) == CgroupParent(path: "/compose-pods/\(run)", isMesos: false))
  }

  @Test("is not a group named like the run at the hierarchy's root")
  func topLevel() {
    #expect(choose("6:freezer:/\(run)", .v1).isMesos == false)
  }

  @Test("on version 2 excludes the leaf")
  func leaf() {
    #expect(choose("0::/mesos/\(run)/leaf", .v2).path == "/mesos/\(run)")
    #expect(choose("0::/mesos/\(run)", .v2).path == "/mesos/\(run)")
    #expect(choose("0::/mesos/other/leaf", .v2).path == "/compose-pods/\(run)")
  }

  @Test("on version 2 ignores version 1 lines, which the kernel lists unmounted")
  func unmounted() {
    let text = "6:freezer:/mesos/\(run)\n0::/system.slice"
    #expect(choose(text, .v2).path == "/compose-pods/\(run)")
  }
}

@Suite("The mounted hierarchies")
struct CgroupMountsTests {
  @Test("are found with their controllers, including named ones and version 2")
  func mounts() {
    let text = """
      31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
      32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
      40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/x,name=systemd
      41 31 0:38 / /sys/fs/cgroup/uni\\040fied rw,relatime - cgroup2 cgroup2 rw,nsdelegate
      42 31 0:29 / /mnt/again rw,relatime - cgroup cgroup rw,cpu,cpuacct
      43 31 0:29 /sub /mnt/sub rw,relatime - cgroup cgroup rw,memory
      """
    #expect(
      CgroupMounts(mountinfo: text).hierarchies == [
        CgroupHierarchy(
          mountPoint: "/sys/fs/cgroup/cpu,cpuacct", controllers: ["cpu", "cpuacct"], version: .v1),
        CgroupHierarchy(
          mountPoint: "/sys/fs/cgroup/systemd", controllers: ["name=systemd"], version: .v1),
        CgroupHierarchy(
          mountPoint: "/sys/fs/cgroup/uni fied", controllers: [], version: .v2),
      ])
  }

  @Test("of this host are read without error")
  func host() throws {
    #expect(try !CgroupMounts.current().hierarchies.isEmpty)
  }
}
