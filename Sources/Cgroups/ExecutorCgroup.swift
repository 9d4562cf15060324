import CLinux
import Glibc
import PodIdentity
import SystemPackage
import Linux

/// The limits that the agent's isolators have set on the executor's own cgroup. Containers outside
/// of that cgroup would escape them.
package struct ExecutorCgroup: Sendable, Equatable {
  /// Memory in bytes; nil for no limit.
  package var memory: Int64?
  /// Swap space in bytes (version 2), or memory plus swap space (version 1); nil for no limit.
  package var swap: Int64?
  /// The CPU quota, in processors; nil for none.
  package var quota: Double?
  /// The number of processes and threads; nil for no limit.
  package var tasks: Int64?
  /// The processors; nil for all.
  package var processors: Set<Int>?
  /// The memory nodes; nil for all.
  package var memoryNodes: Set<Int>?
  /// The permitted devices, by node and access; nil for all. Only version 1 has this list.
  package var devices: [Device]?
  /// Files of version 1 controllers that systemd doesn't manage.
  package var others: [Value] = []
  /// The isolators, by Mesos' names, whose limits can't be copied to another cgroup.
  package var escaping: [String] = []

  /// A permitted device.
  package struct Device: Sendable, Equatable {
    /// The device in the format of systemd's `DeviceAllow`.
    package var node: String
    /// A combination of `r`, `w` and `m`.
    package var access: String
  }

  /// The value of a cgroup file.
  package struct Value: Sendable, Equatable {
    /// The controller.
    package var controller: String
    /// The file's name.
    package var file: String
    /// The text to write to the file.
    package var text: String
    /// The value in the root cgroup, if every cgroup needs a value; otherwise nil.
    package var ofRoot: String?
  }

  /// Reads the files of a run's own cgroup. A file that doesn't exist or can't be read sets no
  /// limit.
  ///
  /// - Parameters:
  ///   - run: the run. If the process isn't in a cgroup of it, no limit is set.
  ///   - version: the version that the engine uses.
  ///   - mounts: the hierarchies.
  ///   - membership: the cgroups of the process.
  package init(
    run: String, version: CgroupVersion, mounts: CgroupMounts, membership: CgroupMembership
  ) {
    for hierarchy in mounts.hierarchies where hierarchy.version == version {
      guard let path = membership.entries.first(where: { $0.isOf(hierarchy) })?.path,
        let own = CgroupParent.mesosCgroup(path, run: run)
      else { continue }
      let group = Group(root: hierarchy.mountPoint, path: own)
      if version == .v2 {
        readUnified(group)
      } else {
        for controller in hierarchy.controllers { read(controller, group) }
      }
    }
  }

  private struct Group {
    let root: String
    let path: String

    /// The text of a file without trailing newlines; nil if the file can't be read or is empty.
    func text(_ file: String) -> String? { Self.text("\(root)\(path)/\(file)") }

    func textOfRoot(_ file: String) -> String? { Self.text("\(root)/\(file)") }

    /// The number in a file; nil for `max`, and for the largest values of version 1, which mean no
    /// limit.
    func limit(_ file: String) -> Int64? {
      guard let number = text(file).flatMap({ Int64($0) }), number >= 0, number < 1 << 60 else {
        return nil
      }
      return number
    }

    /// The names of the cgroup's files.
    var files: [String] { (try? Directory.names(of: root + path)) ?? [] }

    private static func text(_ path: String) -> String? {
      guard var text = try? TextFile.text(path) else { return nil }
      while text.last == "\n" { text.removeLast() }
      return text.isEmpty ? nil : text
    }
  }

  // MARK: Version 2

  private mutating func readUnified(_ group: Group) {
    memory = group.limit("memory.max")
    swap = group.limit("memory.swap.max")
    tasks = group.limit("pids.max")
    let bandwidth = group.text("cpu.max")?.split(separator: " ").compactMap { Double($0) } ?? []
    if bandwidth.count == 2, bandwidth[1] > 0 { quota = bandwidth[0] / bandwidth[1] }
    processors = group.text("cpuset.cpus").flatMap(Self.set)
    memoryNodes = group.text("cpuset.mems").flatMap(Self.set)
    if group.text("io.max") != nil { escaping.append("cgroups/io") }
    for file in group.files where file.hasPrefix("hugetlb.") && file.hasSuffix(".max") {
      if !file.hasSuffix(".rsvd.max"), group.limit(file) != nil {
        escaping.append("cgroups/hugetlb")
        break
      }
    }
    if linux_cgroup_device_programs(group.root + group.path) > 0 {
      escaping.append("cgroups/devices")
    }
  }

  // MARK: Version 1

  private mutating func read(_ controller: String, _ group: Group) {
    switch controller {
    case "memory":
      memory = group.limit("memory.limit_in_bytes")
      swap = group.limit("memory.memsw.limit_in_bytes")
    case "cpu":
      if let quota = group.limit("cpu.cfs_quota_us"), quota > 0,
        let period = group.limit("cpu.cfs_period_us"), period > 0
      {
        self.quota = Double(quota) / Double(period)
      }
    case "pids": tasks = group.limit("pids.max")
    case "cpuset":
      for file in ["cpuset.cpus", "cpuset.mems"] {
        guard let text = group.text(file), let all = group.textOfRoot(file), text != all else {
          continue
        }
        others.append(Value(controller: controller, file: file, text: text, ofRoot: all))
      }
      // Without a value in both files a cgroup accepts no process.
      if let only = others.last(where: { $0.controller == controller }),
        others.count(where: { $0.controller == controller }) == 1
      {
        let other = only.file == "cpuset.cpus" ? "cpuset.mems" : "cpuset.cpus"
        if let all = group.textOfRoot(other) {
          others.append(Value(controller: controller, file: other, text: all, ofRoot: all))
        }
      }
    case "net_cls":
      if let id = group.limit("net_cls.classid"), id != 0 {
        others.append(Value(controller: controller, file: "net_cls.classid", text: String(id)))
      }
    case "net_prio":
      for line in group.text("net_prio.ifpriomap")?.split(separator: "\n") ?? []
      where !line.hasSuffix(" 0") {
        others.append(
          Value(controller: controller, file: "net_prio.ifpriomap", text: String(line)))
      }
    case "hugetlb":
      for file in group.files where file.hasPrefix("hugetlb.") && file.hasSuffix(".limit_in_bytes")
      {
        if let limit = group.limit(file) {
          others.append(Value(controller: controller, file: file, text: String(limit)))
        }
      }
    case "blkio":
      let isThrottled = ["read_bps", "write_bps", "read_iops", "write_iops"].contains {
        group.text("blkio.throttle.\($0)_device") != nil
      }
      if isThrottled { escaping.append("cgroups/blkio") }
    case "devices": readDevices(group)
    default: break
    }
  }

  private mutating func readDevices(_ group: Group) {
    guard let text = group.text("devices.list") else { return }
    let lines = text.split(separator: "\n")
    if lines.contains(where: { $0.hasPrefix("a ") }) { return }
    var allowed: [Device] = []
    let names = (try? TextFile.text("/proc/devices")) ?? ""
    for line in lines {
      // The format is `c 1:3 rwm`, with `*` for any number (devices.rst).
      let fields = line.split(separator: " ")
      let numbers = fields.count == 3 ? fields[1].split(separator: ":") : []
      let kind = fields.first == "c" ? "char" : "block"
      guard numbers.count == 2 else { continue }
      let access = String(fields[2])
      switch (numbers[0], numbers[1]) {
      case ("*", "*"): allowed.append(Device(node: "\(kind)-*", access: access))
      case (let major, "*"):
        guard let name = Self.driver(kind, major: major, in: names) else {
          escaping.append("cgroups/devices")
          return
        }
        allowed.append(Device(node: "\(kind)-\(name)", access: access))
      case (let major, let minor):
        allowed.append(Device(node: "/dev/\(kind)/\(major):\(minor)", access: access))
      }
    }
    devices = allowed
  }

  /// The driver of a major device number, according to /proc/devices.
  private static func driver(_ kind: String, major: Substring, in text: String) -> Substring? {
    var isHere = false
    for line in text.split(separator: "\n") {
      if line.hasSuffix("devices:") {
        isHere = line.hasPrefix(kind == "char" ? "Character" : "Block")
      } else if isHere {
        let fields = line.split(separator: " ")
        if fields.count == 2, fields[0] == major { return fields[1] }
      }
    }
    return nil
  }

  /// Parses a list such as `0-3,8` (cpuset(7), "List format").
  static func set(_ list: String) -> Set<Int>? {
    var members: Set<Int> = []
    for part in list.split(separator: ",") {
      let ends = part.split(separator: "-").map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last,
        last < 65_536
      else { return nil }
      members.formUnion(first...last)
    }
    return members.isEmpty ? nil : members
  }
}
