import Foundation

/// The cgroups of one run. They are created, limited, killed and removed as Mesos does it.
protocol RunCgroups: Sendable {
  /// Creates the directories. The user becomes the owner of those that belong to the isolators.
  func make(user: LaunchOptions.User?) throws(CgroupError)
  func assign(_ pid: pid_t) throws(CgroupError)
  /// Sets the limits.
  func limit(_ amounts: RunAmounts) throws(CgroupError)
  /// Kills all processes in the cgroups, including nested ones.
  func killAll()
  /// Removes the directories in the hierarchies of the launcher and the isolators.
  ///
  /// - Returns: Whether all directories are gone.
  func remove() -> Bool
  /// The directory whose memory limit is watched. Nil if an exceeded limit isn't detected.
  var memoryDirectory: CgroupDirectory? { get }
}

/// The resource limits of a run.
struct RunAmounts: Sendable {
  /// The guaranteed processors.
  let cpus: Double
  /// The guaranteed memory in bytes.
  let memory: UInt64
  /// The limit of processors, which may be infinite.
  let mostCPUs: Double
  /// The memory limit in bytes. Nil for no limit.
  let mostMemory: UInt64?
}

/// Checks a condition repeatedly until it holds or the time is over. For threads, which can't
/// suspend.
func holds(within limit: Duration, _ condition: () -> Bool) -> Bool {
  let deadline = ContinuousClock.now + limit
  while !condition() {
    if ContinuousClock.now > deadline { return condition() }
    usleep(2000)
  }
  return true
}

/// cgroup v1: the freezer hierarchy of the linux launcher, and the hierarchies of the isolators
/// cgroups/cpu, cgroups/mem and, if there are devices, cgroups/devices.
struct RunCgroups1: RunCgroups {
  private let root: [String: CgroupDirectory]
  private let run: String
  private var directories: [String: CgroupDirectory] {
    root.mapValues { CgroupDirectory(path: "\($0.path)/\(run)") }
  }
  private let enablesCFS: Bool
  private let devices: [String]?
  private let controllers: [String]

  /// Finds the hierarchies of a run. Controllers that are mounted together share one.
  init(
    root name: String, run: String, enablesCFS: Bool, devices: [String]?
  ) throws(CgroupError) {
    var root: [String: CgroupDirectory] = [:]
    let mounts = CgroupMount.all()
    controllers = ["freezer", "memory", "cpu", "cpuacct"] + (devices == nil ? [] : ["devices"])
    for controller in controllers {
      guard let mount = mounts.first(where: { $0.controllers.contains(controller) }) else {
        throw CgroupError(what: "find the v1 hierarchy of \(controller)", code: ENOENT)
      }
      root[controller] = CgroupDirectory(path: "\(mount.path)/\(name)")
    }
    self.root = root
    self.run = run
    self.enablesCFS = enablesCFS
    self.devices = devices
  }

  var memoryDirectory: CgroupDirectory? { directories["memory"] }

  func make(user: LaunchOptions.User?) throws(CgroupError) {
    for (controller, directory) in directories {
      try root[controller]?.make()
      try directory.make()
      // src/slave/containerizer/mesos/isolators/cgroups/cgroups.cpp, `prepare`. The freezer belongs
      // to the launcher.
      if let user, controller != "freezer" { chown(directory.path, user.uid, user.gid) }
    }
    guard let devices, let directory = directories["devices"] else { return }
    // src/slave/containerizer/mesos/isolators/cgroups/subsystems/devices.cpp, `prepare`
    try directory.write("devices.deny", "a")
    for device in devices { try directory.write("devices.allow", device) }
  }

  /// src/slave/containerizer/mesos/linux_launcher.cpp, `fork`; isolators/cgroups/cgroups.cpp,
  /// `isolate`.
  func assign(_ pid: pid_t) throws(CgroupError) {
    for controller in controllers {
      try directories[controller]?.write("cgroup.procs", "\(pid)")
    }
  }

  /// isolators/cgroups/subsystems/cpu.cpp and memory.cpp, `update`, with
  /// isolators/cgroups/constants.hpp.
  func limit(_ amounts: RunAmounts) throws(CgroupError) {
    if let directory = directories["memory"] {
      let soft = max(amounts.memory, 32 << 20)
      let hard = amounts.mostMemory.map { max($0, 32 << 20) }
      try directory.write("memory.soft_limit_in_bytes", "\(soft)")
      // The hard limit is set the first time and then only raised, since lowering it could kill a
      // process.
      let text = directory.read("memory.limit_in_bytes") ?? ""
      let current = UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
      let isFirst = current > 1 << 60
      if isFirst || hard ?? .max > current {
        try directory.write("memory.limit_in_bytes", hard.map { "\($0)" } ?? "-1")
      }
    }
    if let directory = directories["cpu"] {
      try directory.write("cpu.shares", "\(max(UInt64(1024 * amounts.cpus), 2))")
      if enablesCFS {
        let most = amounts.mostCPUs
        try directory.write("cpu.cfs_period_us", "100000")
        try directory.write(
          "cpu.cfs_quota_us", most.isFinite ? "\(max(UInt64(100_000 * most), 1000))" : "-1")
      }
    }
  }

  /// src/linux/cgroups.cpp, `TasksKiller`: freezes, kills and thaws each cgroup, the deepest first.
  func killAll() {
    guard let freezer = directories["freezer"] else { return }
    for directory in freezer.fromBelow where directory.exists {
      try? directory.write("freezer.state", "FROZEN")
      _ = holds(within: .seconds(1)) {
        directory.read("freezer.state")?.hasPrefix("FROZEN") ?? true
      }
      for pid in directory.processes { kill(pid, SIGKILL) }
      try? directory.write("freezer.state", "THAWED")
      _ = holds(within: .seconds(10)) { directory.processes.isEmpty }
    }
  }

  /// Only the hierarchies of the launcher and the isolators. Directories of the same name in other
  /// hierarchies stay.
  func remove() -> Bool {
    var isGone = true
    for controller in controllers {
      guard let directory = directories[controller] else { continue }
      if !holds(within: .seconds(10), { !directory.exists || directory.removeFromBelow() }) {
        isGone = false
      }
      // Fails while another run is in it.
      if let root = root[controller] { rmdir(root.path) }
    }
    return isGone
  }
}

/// cgroup v2: the process is in `/<root>/<run>/leaf` (src/slave/containerizer/mesos/paths.cpp,
/// `cgroups2::container`).
struct RunCgroups2: RunCgroups {
  private let root: CgroupDirectory
  private let directory: CgroupDirectory
  private let leaf: CgroupDirectory
  private let enablesCFS: Bool

  init(root name: String, run: String, enablesCFS: Bool) throws(CgroupError) {
    guard let mount = CgroupMount.all().first(where: \.isVersion2) else {
      throw CgroupError(what: "find the v2 hierarchy", code: ENOENT)
    }
    root = CgroupDirectory(path: "\(mount.path)/\(name)")
    directory = CgroupDirectory(path: "\(root.path)/\(run)")
    leaf = CgroupDirectory(path: "\(directory.path)/leaf")
    self.enablesCFS = enablesCFS
  }

  var memoryDirectory: CgroupDirectory? { nil }

  func make(user: LaunchOptions.User?) throws(CgroupError) {
    try root.make()
    try directory.make()
    // The controllers depend on the kernel's v2 hierarchy. On a machine with v1 hierarchies it has
    // neither memory nor cpu.
    let controllers = CgroupDirectory(path: root.path).read("cgroup.controllers") ?? ""
    for name in controllers.split(whereSeparator: \.isWhitespace)
    where name == "memory" || name == "cpu" {
      try root.write("cgroup.subtree_control", "+\(name)")
    }
    try leaf.make()
    // src/slave/containerizer/mesos/isolators/cgroups2/cgroups2.cpp, `prepare`: the user becomes
    // the owner of the leaf's directory, but not of its files or of the directory above.
    if let user { chown(leaf.path, user.uid, user.gid) }
  }

  func assign(_ pid: pid_t) throws(CgroupError) { try leaf.write("cgroup.procs", "\(pid)") }

  /// isolators/cgroups2/controllers/memory.cpp and cpu.cpp, `update`.
  func limit(_ amounts: RunAmounts) throws(CgroupError) {
    if access("\(directory.path)/memory.max", F_OK) == 0 {
      let soft = max(amounts.memory, 32 << 20)
      let hard = amounts.mostMemory.map { max($0, 32 << 20) }
      try directory.write("memory.low", "\(soft)")
      let current = (directory.read("memory.max") ?? "").trimmingCharacters(
        in: .whitespacesAndNewlines)
      if hard ?? .max > UInt64(current) ?? 0 {
        try directory.write("memory.max", hard.map { "\($0)" } ?? "max")
      }
    }
    if access("\(directory.path)/cpu.max", F_OK) == 0 {
      try directory.write("cpu.weight", "\(max(UInt64(100 * amounts.cpus), 1))")
      if enablesCFS {
        let most = amounts.mostCPUs
        let quota = most.isFinite ? "\(max(UInt64(100_000 * most), 1000))" : "max"
        try directory.write("cpu.max", "\(quota) 100000")
      }
    }
  }

  /// src/linux/cgroups2.cpp, `destroy` and `kill`.
  func killAll() {
    try? directory.write("cgroup.kill", "1")
    _ = holds(within: .seconds(10)) {
      !(directory.read("cgroup.events") ?? "").contains("populated 1")
    }
  }

  func remove() -> Bool {
    let isGone = holds(within: .seconds(10)) { !directory.exists || directory.removeFromBelow() }
    rmdir(root.path)
    return isGone
  }
}
