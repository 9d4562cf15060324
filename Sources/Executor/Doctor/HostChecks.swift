/// Evaluates the results of the host's probes for pods. It accesses nothing.
enum HostChecks {
  /// Evaluates the user who runs the check.
  static func user(_ id: UInt32) -> HostCheck {
    id == 0
      ? .ok("user", "root")
      : .warn(
        "user", "user \(id): several checks can read less than an executor that runs as root",
        fix: "run doctor as root, as the agent runs executors")
  }

  /// The kernel.
  struct Kernel: Sendable {
    /// The release, for example `6.1.0-18-amd64`.
    var release: String
    /// Whether the exit of a process can be awaited through a descriptor.
    var hasPidfd: Bool
  }

  static func kernel(_ probe: Kernel) -> HostCheck {
    let numbers = probe.release.split { !$0.isWholeNumber }.prefix(2).map { Int($0) ?? 0 }
    if numbers.count == 2, (numbers[0], numbers[1]) < (3, 10) {
      return .fail(
        "kernel", "Linux \(probe.release)",
        fix: "upgrade to Linux 3.10 or later, which Docker Engine requires")
    }
    guard probe.hasPidfd else {
      return .warn(
        "kernel", "Linux \(probe.release), without pidfd_open",
        fix: "run pod-reaper as a service: before Linux 5.3 it detects crashes by leases")
    }
    return .ok("kernel", "Linux \(probe.release)")
  }

  /// Evaluates the process table.
  ///
  /// - Parameter failure: why the process table is unreliable; nil where it is reliable.
  /// - Returns: the check.
  static func processTable(_ failure: String?) -> HostCheck {
    failure.map {
      .fail(
        "proc", $0,
        fix:
          "run executors and pod-reaper in the host's pid and time namespaces, with /proc mounted without hidepid"
      )
    } ?? .ok("proc", "the host's process table can be read")
  }

  /// The identifiers of this boot and this host.
  struct Boot: Sendable {
    var bootID: String?
    var machineID: String?
    /// The host's clock, in seconds since 1970.
    var clock: Int64
  }

  static func boot(_ probe: Boot) -> HostCheck {
    guard let boot = probe.bootID else {
      return .fail(
        "boot", "no boot ID: pods can't be distinguished from those of an earlier boot",
        fix: "make /proc/sys/kernel/random/boot_id readable")
    }
    guard let machine = probe.machineID else {
      return .warn(
        "boot", "boot \(boot), no machine ID: pods of an earlier boot stay undecided",
        fix: "run systemd-machine-id-setup")
    }
    return .ok("boot", "boot \(boot), machine \(machine)")
  }

  /// The beginning of 2025. This program is newer than that.
  private static let earliest: Int64 = 1_735_689_600

  static func clock(_ probe: Boot) -> HostCheck {
    probe.clock >= earliest
      ? .ok("clock", "plausible")
      : .warn(
        "clock", "the host's clock is before 2025: certificates of registries aren't valid yet",
        fix: "set the clock, for example with NTP")
  }

  /// The cgroup hierarchies and the controllers in them.
  struct Groups: Sendable {
    /// The mounted versions, `1` and `2`.
    var versions: Set<String>
    var controllers: Set<String>
    /// Whether version 2 has controllers.
    var unifiedHasControllers: Bool

    var layout: String {
      if versions == ["2"] { return "v2" }
      if versions == ["1"] { return "v1" }
      return unifiedHasControllers
        ? "hybrid (v1 and v2, both with controllers)" : "hybrid (v1, v2 without controllers)"
    }
  }

  static func cgroups(_ probe: Groups?) -> HostCheck {
    guard let probe, !probe.versions.isEmpty else {
      return .fail(
        "cgroups", "no cgroup hierarchy is mounted",
        fix: "mount /sys/fs/cgroup; in a container, mount the host's")
    }
    let missing = ["memory", "cpu", "pids", "cpuset"].filter { !probe.controllers.contains($0) }
    let vital = missing.filter { $0 == "memory" || $0 == "cpu" }
    let fix =
      "enable them on the kernel's command line (cgroup_enable=…), or let systemd mount them"
    if !vital.isEmpty {
      return .fail(
        "cgroups",
        "\(probe.layout), without \(missing.joined(separator: ", ")): limits can't be set",
        fix: fix)
    }
    return missing.isEmpty
      ? .ok("cgroups", "\(probe.layout), with memory, cpu, pids, cpuset")
      : .warn("cgroups", "\(probe.layout), without \(missing.joined(separator: ", "))", fix: fix)
  }

  /// The sizes of a file system.
  struct Disk: Sendable {
    var blockSize: UInt64
    var blocks: UInt64
    var freeBlocks: UInt64
    /// 0 where the file system does not count inodes.
    var inodes: UInt64
    var freeInodes: UInt64
  }

  /// Evaluates the free space of a file system.
  ///
  /// - Parameters:
  ///   - name: the name of the check.
  ///   - path: a directory on the file system.
  ///   - disk: the sizes that it reports; nil where the directory does not exist.
  ///   - fix: how to free space.
  /// - Returns: the check.
  static func disk(_ name: String, _ path: String, _ disk: Disk?, fix: String) -> HostCheck {
    guard let disk, disk.blocks > 0 else {
      return .warn(
        name, "\(path) can't be inspected", fix: "run doctor on the host that has it")
    }
    let space = Double(disk.freeBlocks) / Double(disk.blocks)
    let files = disk.inodes == 0 ? 1 : Double(disk.freeInodes) / Double(disk.inodes)
    let size = disk.freeBlocks.multipliedReportingOverflow(by: disk.blockSize).partialValue
    let finding =
      "\(path): \(size >> 20) MiB free (\(percent(space))), inodes \(percent(files)) free"
    let least = min(space, files)
    if least < 0.01 { return .fail(name, finding, fix: fix) }
    return least < 0.1 ? .warn(name, finding, fix: fix) : .ok(name, finding)
  }

  private static func percent(_ part: Double) -> String {
    // A file system can report more free blocks than it has.
    let part = min(part, 1)
    return part < 0.1
      ? "\(Int(part * 1000) / 10).\(Int(part * 1000) % 10) %" : "\(Int(part * 100)) %"
  }

  /// A directory and the mount that it is on.
  enum Location: Sendable, Equatable {
    case missing
    case noDirectory
    case directory(owner: UInt32, mode: UInt32, isReadOnly: Bool, noExec: Bool, noSetuid: Bool)
  }

  /// Evaluates the directory of sandboxes.
  ///
  /// - Parameters:
  ///   - path: the directory of sandboxes.
  ///   - isNamed: whether the operator has set the directory.
  ///   - location: the result of the probe.
  /// - Returns: the check.
  static func sandbox(_ path: String, isNamed: Bool, _ location: Location) -> HostCheck {
    let name = "sandbox"
    switch location {
    case .missing where !isNamed:
      return .warn(
        name, "\(path) doesn't exist yet",
        fix: "start the agent once, or name its --work_dir with --sandbox")
    case .missing:
      return .fail(name, "\(path) doesn't exist", fix: "name the agent's --work_dir with --sandbox")
    case .noDirectory:
      return .fail(
        name, "\(path) isn't a directory", fix: "name the agent's --work_dir with --sandbox")
    case .directory(_, _, true, _, _):
      return .fail(name, "\(path) is mounted read-only", fix: "run mount -o remount,rw")
    case .directory(_, _, _, true, _):
      return .warn(
        name, "\(path) is mounted noexec: programs that tasks fetch can't be executed",
        fix: "run mount -o remount,exec, unless noexec is intended")
    case .directory(_, _, _, _, let noSetuid):
      return .ok(name, path + (noSetuid ? ", mounted nosuid" : ""))
    }
  }

  /// Evaluates the control directory.
  ///
  /// - Parameters:
  ///   - path: the directory of control sockets and pinned mounts.
  ///   - location: the result of the probe.
  /// - Returns: the check.
  static func control(_ path: String, _ location: Location) -> HostCheck {
    let name = "control-directory"
    switch location {
    case .missing:
      return .ok(name, "\(path) doesn't exist yet: the first executor of root creates it")
    case .directory(0, let mode, false, _, _) where mode & 0o022 == 0:
      return .ok(name, "\(path), owned by root, mode \(octal(mode))")
    case .directory(_, _, true, _, _):
      return .fail(name, "\(path) is mounted read-only", fix: "mount a tmpfs at /run")
    case .directory(let owner, let mode, _, _, _):
      return .fail(
        name, "\(path) is owned by user \(owner), mode \(octal(mode)): executors don't use it",
        fix: "remove it, or run chown root and chmod 0755 on it")
    case .noDirectory: return .fail(name, "\(path) isn't a directory", fix: "remove it")
    }
  }

  /// The mode as text, for example `0644`.
  static func octal(_ mode: UInt32) -> String {
    let digits = String(mode & 0o7777, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// The operator's file.
  struct File: Sendable {
    /// The owner and mode of the file; nil where it does not exist.
    var status: (owner: UInt32, mode: UInt32)?
    /// Why it can't be used; nil where it can.
    var fault: String?
    /// Whether it has `allow:`.
    var isRestricted = false
  }

  static func settings(_ path: String, _ file: File) -> HostCheck {
    let name = "settings-file"
    let mark = file.status.map { "owned by user \($0.owner), mode \(octal($0.mode))" }
    if let fault = file.fault {
      return .fail(
        name, fault + (mark.map { " (\($0))" } ?? ""),
        fix:
          "every task fails until it is owned by root, has mode 0644, and is valid (docs/reference/settings.md)"
      )
    }
    guard let mark else { return .ok(name, "\(path) doesn't exist: defaults apply") }
    return .ok(name, "\(path), \(mark)")
  }

  static func policy(_ path: String, _ file: File) -> HostCheck {
    let name = "policy"
    if file.fault != nil {
      return .fail(name, "unknown: \(path) can't be used", fix: "see settings-file")
    }
    return file.isRestricted
      ? .ok(name, "\(path) has allow:")
      : .warn(
        name, "no allow: in \(path), so a Compose file may request everything that Docker can do",
        fix: "see docs/security.md; config --check-policy prints what a file needs")
  }
}
