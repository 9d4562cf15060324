import Testing

@testable import Executor

/// The result of a probe and the expected check.
struct DoctorCase: Sendable, CustomTestStringConvertible {
  let check: HostCheck
  let result: HostCheck.Result
  let finding: String
  let fix: String

  init(_ check: HostCheck, _ result: HostCheck.Result, _ finding: String, fix: String = "") {
    (self.check, self.result, self.finding, self.fix) = (check, result, finding, fix)
  }

  var testDescription: String { "\(check.name) \(result)" }

  private static func kernel(_ release: String, _ hasPidfd: Bool) -> HostCheck {
    HostChecks.kernel(.init(release: release, hasPidfd: hasPidfd))
  }
  private static func boot(_ boot: String?, _ machine: String?, _ clock: Int64 = 1_800_000_000)
    -> HostChecks.Boot
  { .init(bootID: boot, machineID: machine, clock: clock) }
  private static func disk(_ free: UInt64, inodes: UInt64, of all: UInt64 = 1000) -> HostCheck {
    let disk = HostChecks.Disk(
      blockSize: 1 << 20, blocks: 1000, freeBlocks: free, inodes: all, freeInodes: inodes)
    return HostChecks.disk("engine-disk", "/d", disk, fix: "make room")
  }
  private static let all: Set<String> = ["memory", "cpu", "pids", "cpuset"]
  private static func location(
    owner: UInt32 = 0, mode: UInt32 = 0o40755, readOnly: Bool = false, noExec: Bool = false,
    noSetuid: Bool = false
  ) -> HostChecks.Location {
    .directory(
      owner: owner, mode: mode, isReadOnly: readOnly, noExec: noExec, noSetuid: noSetuid)
  }

  static let host: [DoctorCase] = [
    .init(HostChecks.user(0), .ok, "root"),
    .init(HostChecks.user(1000), .warn, "user 1000", fix: "root"),
    .init(kernel("6.1.0-18-amd64", true), .ok, "Linux 6.1.0-18-amd64"),
    .init(kernel("3.10.0-1160.el7.x86_64", false), .warn, "without pidfd_open", fix: "leases"),
    .init(kernel("2.6.32", false), .fail, "Linux 2.6.32", fix: "Linux 3.10 or later"),
    .init(kernel("strange", true), .ok, "Linux strange"),
    .init(HostChecks.processTable(nil), .ok, "can be read"),
    .init(HostChecks.processTable("hidepid"), .fail, "hidepid", fix: "without hidepid"),
    .init(HostChecks.boot(boot("b", "m")), .ok, "boot b, machine m"),
    .init(
      HostChecks.boot(boot("b", nil)), .warn, "no machine ID", fix: "systemd-machine-id-setup"),
    .init(HostChecks.boot(boot(nil, "m")), .fail, "no boot ID", fix: "boot_id"),
    .init(HostChecks.clock(boot("b", "m")), .ok, "plausible"),
    .init(HostChecks.clock(boot("b", "m", 0)), .warn, "before 2025", fix: "NTP"),
    .init(
      HostChecks.cgroups(
        .init(versions: ["2"], controllers: all, unifiedHasControllers: true)), .ok, "v2, with"),
    .init(
      HostChecks.cgroups(
        .init(versions: ["1", "2"], controllers: all, unifiedHasControllers: false)), .ok,
      "hybrid (v1, v2 without controllers)"),
    .init(
      HostChecks.cgroups(
        .init(
          versions: ["1"], controllers: all.subtracting(["pids"]), unifiedHasControllers: false)),
      .warn, "v1, without pids", fix: "cgroup_enable"),
    .init(
      HostChecks.cgroups(
        .init(
          versions: ["2"], controllers: all.subtracting(["memory", "cpuset"]),
          unifiedHasControllers: true)), .fail, "v2, without memory, cpuset: limits can't be set",
      fix: "cgroup_enable"),
    .init(HostChecks.cgroups(nil), .fail, "no cgroup hierarchy", fix: "mount /sys/fs/cgroup"),
    .init(disk(500, inodes: 500), .ok, "/d: 500 MiB free (50 %), inodes 50 % free"),
    .init(disk(99, inodes: 500), .warn, "99 MiB free (9.9 %)", fix: "make room"),
    .init(disk(500, inodes: 99), .warn, "inodes 9.9 % free", fix: "make room"),
    .init(disk(9, inodes: 500), .fail, "(0.9 %)", fix: "make room"),
    .init(disk(500, inodes: 0), .fail, "inodes 0.0 % free", fix: "make room"),
    .init(disk(500, inodes: 0, of: 0), .ok, "inodes 100 % free"),
    .init(
      HostChecks.disk("engine-disk", "/d", nil, fix: ""), .warn, "can't be inspected",
      fix: "on the host that has it"),
    .init(HostChecks.sandbox("/s", isNamed: true, location()), .ok, "/s"),
    .init(
      HostChecks.sandbox("/s", isNamed: true, location(noSetuid: true)), .ok, "mounted nosuid"),
    .init(
      HostChecks.sandbox("/s", isNamed: true, location(noExec: true)), .warn, "mounted noexec",
      fix: "remount,exec"),
    .init(
      HostChecks.sandbox("/s", isNamed: true, location(readOnly: true)), .fail, "read-only",
      fix: "remount,rw"),
    .init(
      HostChecks.sandbox("/s", isNamed: false, .missing), .warn, "doesn't exist yet",
      fix: "--sandbox"),
    .init(
      HostChecks.sandbox("/s", isNamed: true, .missing), .fail, "doesn't exist",
      fix: "--work_dir"),
    .init(
      HostChecks.sandbox("/s", isNamed: true, .noDirectory), .fail, "isn't a directory",
      fix: "--work_dir"),
    .init(HostChecks.control("/r", .missing), .ok, "doesn't exist yet"),
    .init(HostChecks.control("/r", location()), .ok, "/r, owned by root, mode 0755"),
    .init(
      HostChecks.control("/r", location(owner: 7)), .fail, "owned by user 7, mode 0755",
      fix: "chown root"),
    .init(
      HostChecks.control("/r", location(mode: 0o40777)), .fail, "mode 0777", fix: "chmod 0755"),
    .init(HostChecks.control("/r", location(readOnly: true)), .fail, "read-only", fix: "tmpfs"),
    .init(HostChecks.control("/r", .noDirectory), .fail, "isn't a directory", fix: "remove it"),
    .init(HostChecks.settings("/f", .init()), .ok, "/f doesn't exist: defaults apply"),
    .init(
      HostChecks.settings("/f", .init(status: (0, 0o100644))), .ok,
      "/f, owned by user 0, mode 0644"),
    .init(
      HostChecks.settings("/f", .init(status: (7, 0o100666), fault: "bad")), .fail,
      "bad (owned by user 7, mode 0666)", fix: "every task fails"),
    .init(HostChecks.policy("/f", .init(isRestricted: true)), .ok, "/f has allow:"),
    .init(HostChecks.policy("/f", .init()), .warn, "no allow: in /f", fix: "docs/security.md"),
    .init(
      HostChecks.policy("/f", .init(fault: "bad")), .fail, "unknown", fix: "settings-file"),
  ]

  private static func engine(
    _ number: Int, _ change: (inout EngineChecks.Engine) -> Void = { _ in }
  ) -> HostCheck {
    var engine = EngineChecks.Engine(
      address: "unix:///d.sock", version: "26.1", api: "1.45", isLocal: true,
      storageDriver: "overlay2", cgroupDriver: "cgroupfs", cgroupVersion: "2", isRestoring: true,
      hostHasSystemd: false, hostVersions: ["2"], pools: .standard, used: ["172.17.0.0/16"])
    change(&engine)
    return EngineChecks.checks(engine)[number]
  }
  private static func pool(_ size: Int) -> AddressPools {
    AddressPools(pools: [AddressPools.Pool("10.0.0.0/16", size: size)].compactMap { $0 })
  }

  static let engine: [DoctorCase] = [
    .init(engine(0), .ok, "Docker Engine 26.1, API 1.45, at unix:///d.sock"),
    .init(engine(0) { $0.isPodman = true }, .ok, "podman 26.1"),
    .init(engine(0) { $0.isLocal = false }, .warn, "undecided", fix: "unix socket"),
    .init(
      EngineChecks.unreachable("gone", fix: "start it")[0], .fail, "gone", fix: "start it"),
    .init(engine(1), .ok, "cgroupfs, cgroup v2"),
    .init(engine(1) { $0.cgroupDriver = "none" }, .fail, "no limits", fix: "rootless"),
    .init(
      engine(1) { $0.cgroupDriver = "systemd" }, .fail, "systemd doesn't run on this host",
      fix: "native.cgroupdriver"),
    .init(
      engine(1) { ($0.cgroupDriver, $0.hostHasSystemd) = ("systemd", true) }, .ok,
      "systemd, cgroup v2"),
    .init(
      engine(1) { $0.hostVersions = ["1"] }, .warn, "isn't mounted on this host",
      fix: "/sys/fs/cgroup"),
    .init(engine(2), .ok, "overlay2"),
    .init(engine(2) { $0.storageDriver = "vfs" }, .warn, "vfs", fix: "overlay2"),
    .init(engine(2) { $0.storageDriver = "" }, .ok, "not reported"),
    .init(engine(3), .ok, "on"),
    .init(engine(3) { $0.isRestoring = false }, .warn, "off", fix: "live-restore"),
    .init(engine(3) { ($0.isRestoring, $0.isPodman) = (false, true) }, .ok, "podman"),
    .init(engine(4), .ok, "30 of 31 networks left"),
    .init(engine(4) { $0.pools = pool(20) }, .ok, "16 of 16"),
    .init(
      engine(4) { ($0.pools, $0.used) = (pool(20), ["10.0.0.0/17"]) }, .warn, "8 of 16",
      fix: "default-address-pools"),
    .init(
      engine(4) { ($0.pools, $0.used) = (pool(20), ["10.0.0.0/8"]) }, .fail, "0 of 16",
      fix: "docker network prune"),
    .init(engine(4) { ($0.isPodman, $0.used) = (true, ["0.0.0.0/0"]) }, .ok, "managed by podman"),
  ]

  private static func service(
    _ reply: MesosChecks.Reply, _ service: MesosChecks.Service? = nil
  ) -> HostCheck { MesosChecks.service("/r.sock", reply, service, own: "1.0") }
  private static func leases(_ reply: MesosChecks.Reply) -> HostCheck {
    MesosChecks.leases("/l.sock", reply, accepted: "OK")
  }
  private static func program(_ program: MesosChecks.Program) -> HostCheck {
    MesosChecks.program(program, own: "1.0")
  }

  static let mesos: [DoctorCase] = [
    .init(MesosChecks.agent("a", .flags(["isolation": "x"])), .ok, "a, isolation x"),
    .init(
      MesosChecks.agent("a", .refused(status: 403)), .ok,
      "requires credentials for its flags (403)"),
    .init(MesosChecks.agent("a", .refused(status: 500)), .warn, "status 500", fix: "--agent"),
    .init(MesosChecks.agent("a", .other), .warn, "isn't a Mesos agent", fix: "--agent"),
    .init(
      MesosChecks.agent("a", .away("refused")), .warn, "no agent at a: refused",
      fix: "MESOS_AGENT_ENDPOINT"),
    .init(
      MesosChecks.hook(.flags(["hooks": "x, \(MesosChecks.hookName)"]), isInstalled: true),
      .ok,
      "has loaded"),
    .init(
      MesosChecks.hook(.flags(["hooks": "x"]), isInstalled: true), .warn, "hasn't loaded it",
      fix: "--hooks="),
    .init(
      MesosChecks.hook(.flags([:]), isInstalled: false), .warn, "not installed", fix: "--modules"
    ),
    .init(MesosChecks.hook(.away(""), isInstalled: true), .ok, "isn't known"),
    .init(
      MesosChecks.hook(.away(""), isInstalled: false), .warn, "not installed",
      fix: "docs/operate.md"),
    .init(program(.version(path: "/p", "1.0")), .ok, "/p, version 1.0"),
    .init(program(.version(path: "/p", "0.9")), .warn, "/p has version 0.9", fix: "one release"),
    .init(program(.silent(path: "/p", "hangs")), .warn, "hangs", fix: "reinstall it"),
    .init(program(.missing), .warn, "isn't installed", fix: "install it"),
    .init(service(.text(""), .init(isHealthy: true, version: "1.0")), .ok, "running, version 1.0"),
    .init(
      service(.text(""), .init(isHealthy: true, version: "0.9")), .warn, "version 0.9",
      fix: "restart"),
    .init(
      service(.text(""), .init(isHealthy: false, problem: "no pass")), .fail, "no pass",
      fix: "pod-reaper status"),
    .init(service(.text("error: unknown request")), .warn, "earlier version", fix: "restart"),
    .init(service(.missing), .warn, "no service at /r.sock", fix: "enable --now"),
    .init(service(.abandoned), .warn, "no service at /r.sock", fix: "--once"),
    .init(service(.forbidden), .warn, "belongs to another user", fix: "as root"),
    .init(service(.silent), .fail, "doesn't respond", fix: "restart"),
    .init(leases(.text("OK\n")), .ok, "accepted at /l.sock"),
    .init(leases(.text("NO\n")), .fail, "refused", fix: "log"),
    .init(leases(.missing), .warn, "no process accepts", fix: "as a service"),
    .init(leases(.abandoned), .warn, "no process accepts", fix: "as a service"),
    .init(leases(.forbidden), .warn, "may not connect", fix: "0666"),
    .init(leases(.silent), .fail, "no response", fix: "restart"),
  ]
}
