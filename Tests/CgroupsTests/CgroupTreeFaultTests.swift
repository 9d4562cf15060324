import Testing

@testable import Cgroups

@Suite("The visibility of the host's cgroup tree")
struct CgroupTreeFaultTests {
  static let initial = "cgroup:[4026531835]"
  static func fault(_ mountinfo: String, namespace: String? = initial) -> CgroupTreeFault? {
    CgroupTreeFault(mountinfo: mountinfo, namespace: namespace)
  }

  @Test("is given if a root is mounted, with the kernel's namespaces or none")
  func host() {
    let v1 = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu"
    let v2 = "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw"
    #expect(Self.fault(v1) == nil)
    #expect(Self.fault(v1, namespace: nil) == nil)
    #expect(Self.fault(v2) == nil)
  }

  @Test("isn't given in a container that has a part of it or its own namespace")
  func container() {
    let part = """
      632 631 0:29 /docker/3a /sys/fs/cgroup/cpu ro,nosuid,relatime - cgroup cgroup rw,cpu
      633 631 0:38 /docker/3a /sys/fs/cgroup/unified ro,nosuid,relatime - cgroup2 cgroup2 rw
      """
    #expect(Self.fault(part) == .notMounted)
    #expect(Self.fault("") == .notMounted)
    let own = "641 631 0:38 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw"
    #expect(Self.fault(own, namespace: "cgroup:[4026532612]") == .namespace("cgroup:[4026532612]"))
    #expect(Self.fault(own) == .readOnly)
    #expect(Self.fault(part)?.hidesCgroups == true && Self.fault(own)?.hidesCgroups == false)
  }
}
