import Cgroups
import Testing

@testable import Reaping

@Suite("Missing flags of a container")
struct ForgottenFlagsTests {
  static let flags = ForgottenFlags(
    engineSocket: "/var/run/docker.sock", runDirectory: "/run/compose-pods",
    leaseSocket: "/run/compose-pods/lease.sock", stateDirectory: "/var/lib/compose-pods")
  /// The mounts of Docker 20.10 with the documented flags.
  static let mountinfo = """
    600 500 0:70 / / rw,relatime - overlay overlay rw
    601 600 0:71 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
    640 600 0:25 /compose-pods /run/compose-pods rw,relatime - tmpfs tmpfs rw
    642 600 0:25 /compose-executor /run/compose-executor rw,relatime - tmpfs tmpfs rw
    641 600 8:1 /var/lib/compose-pods /var/lib/compose-pods rw,relatime - ext4 /dev/sda1 rw
    """
  static let whole = ForgottenFlags.View(
    mountinfo: mountinfo, processTableFailure: nil, cgroupFault: nil, machineID: "machine",
    hasEngineSocket: true)

  @Test("cause no message if none is missing, and outside of a container")
  func none() {
    #expect(Self.flags.lines(Self.whole).isEmpty)
    #expect(Self.flags.lines(environment: [:]).isEmpty)
  }

  @Test("are reported in one line each, with the name and the consequence")
  func each() {
    func line(_ change: (inout ForgottenFlags.View) -> Void) -> [String] {
      var view = Self.whole
      change(&view)
      return Self.flags.lines(view)
    }
    #expect(
      line { $0.processTableFailure = "it sees no host processes" } == [
        "this container lacks --pid host: it sees no host processes, so every pod stays undecided"
      ])
    #expect(
      line { $0.hasEngineSocket = false } == [
        "this container lacks --volume /var/run/docker.sock:/var/run/docker.sock: "
          + "no engine can be reached"
      ])
    #expect(
      line { $0.cgroupFault = .notMounted } == [
        "this container lacks --volume /sys/fs/cgroup:/sys/fs/cgroup: the host's cgroup tree "
          + "isn't mounted, so no cgroup is removed, and a pod whose executor's pid isn't known "
          + "stays undecided"
      ])
    #expect(
      line { $0.cgroupFault = .namespace("cgroup:[1]") } == [
        "this container lacks --cgroupns host: it runs in its own cgroup namespace "
          + "(cgroup:[1]), so no cgroup is removed, and a pod whose executor's pid isn't known "
          + "stays undecided"
      ])
    #expect(
      line { $0.cgroupFault = .readOnly } == [
        "this container lacks --volume /sys/fs/cgroup:/sys/fs/cgroup: the host's cgroup tree is "
          + "mounted read-only, so no cgroup is removed"
      ])
    #expect(
      line { $0.mountinfo = Self.without("/run/compose-pods") } == [
        "this container lacks --volume /run/compose-pods:/run/compose-pods: "
          + "no executor can lease, and no hook can notify"
      ])
    #expect(
      line { $0.mountinfo = Self.without("/run/compose-executor") } == [
        "this container lacks --volume /run/compose-executor:/run/compose-executor: which images "
          + "executors use isn't known, so image care removes none, and control sockets of dead "
          + "executors stay"
      ])
    #expect(
      line { $0.mountinfo = Self.without("/var/lib/compose-pods") } == [
        "this container lacks --volume /var/lib/compose-pods:/var/lib/compose-pods: "
          + "the journal and pending removals are lost with the container"
      ])
    #expect(
      line { $0.machineID = nil } == [
        "this container lacks --volume /etc/machine-id:/etc/machine-id:ro: "
          + "a pod of an earlier boot stays undecided"
      ])
  }

  @Test("are replaced by a mount above a directory; another lease socket needs its own")
  func directories() {
    var view = Self.whole
    view.mountinfo = Self.without("/run/compose-pods") + "\n650 600 0:25 / /run rw - tmpfs tmpfs rw"
    #expect(Self.flags.lines(view).isEmpty)
    var flags = Self.flags
    flags.leaseSocket = "/srv/pods/lease.sock"
    #expect(
      flags.lines(view) == [
        "this container lacks --volume /srv/pods:/srv/pods: "
          + "no executor can lease, and no hook can notify"
      ])
  }

  private static func without(_ directory: String) -> String {
    mountinfo.split(separator: "\n").filter { !$0.contains(" \(directory) rw") }
      .joined(separator: "\n")
  }
}
