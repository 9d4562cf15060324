import Cgroups
import TestSupport
import Testing

@Suite("Mutated /proc files about cgroups cause no trap", .timeLimit(.minutes(60)))
struct FuzzTests {
  @Test("memberships are read, whatever a line contains")
  func memberships() async {
    let texts = [
      "12:cpu,cpuacct:/mesos/5c1d6ff5\n3:name=systemd:/\n0::/mesos/5c1d6ff5/leaf\n", "0::/\n",
    ]
    let report = await Fuzz.drive("/proc/PID/cgroup", texts: texts, words: ["0::", "::", "/leaf"]) {
      text in
      let membership = CgroupMembership(text: text)
      _ = (membership.path(controller: "cpu"), membership.unifiedPath)
      for entry in membership.entries {
        _ = (CgroupTree.isPath(entry.path), CgroupPath.isRun(entry.path, "5c1d6ff5"))
      }
      return !membership.entries.isEmpty
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("mounts are read, whatever a line contains")
  func mounts() async {
    let texts = [
      """
      25 30 0:23 / /sys/fs/cgroup\\040x ro,nosuid - tmpfs tmpfs ro,mode=755
      26 25 0:24 / /sys/fs/cgroup/cpu,cpuacct rw shared:1 - cgroup cgroup rw,cpu,cpuacct
      27 25 0:25 / /sys/fs/cgroup/unified\\777 rw shared:2 - cgroup2 cgroup2 rw,nsdelegate
      """
    ]
    let report = await Fuzz.drive(
      "/proc/PID/mountinfo", texts: texts, words: [" - ", "\\0", "\\", "cgroup2", " "]
    ) { text in
      let mounts = CgroupMounts(mountinfo: text)
      _ = mounts.hierarchies.map(\.name)
      return !mounts.hierarchies.isEmpty
    }
    #expect(report.isSound, "\(report)")
  }
}
