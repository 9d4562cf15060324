import Cgroups
import Linux

/// The usage and limits of a cgroup, from the kernel's files of version 1 or 2. Counters start at
/// the creation of the cgroup.
package struct CgroupFigures: Sendable, Equatable {
  /// Memory in bytes, without the page cache that is reclaimed first, as in `docker stats`.
  package var memory: Int64?
  /// The memory limit in bytes; nil for none.
  package var memoryLimit: Int64?
  /// CPU time in seconds.
  package var seconds: Double?
  /// The CPU quota in CPUs; nil for none.
  package var quota: Double?
  /// The number of processes and threads.
  package var tasks: Int64?
  /// Bytes read from block devices.
  package var read: Int64?
  /// Bytes written to block devices.
  package var written: Int64?

  /// Unknown usage and limits.
  package init() {}
}

/// Reads the usage of pods and containers from the mounted hierarchies.
package struct CgroupReader: Sendable {
  private let mounts: CgroupMounts

  /// A reader for the given mounts.
  package init(mounts: CgroupMounts) { self.mounts = mounts }

  /// A reader for the mounts that this process sees. It finds nothing where they are unknown.
  package init() {
    self.init(mounts: (try? .current()) ?? CgroupMounts(mountinfo: ""))
  }

  /// Reads the usage and limits of a cgroup.
  ///
  /// - Parameter path: the cgroup's path below the roots of the hierarchies, for example
  ///   `/mesos/RUN`. It can come from a label with any value: a value that is not a path of a pod
  ///   is not read.
  /// - Returns: the usage and limits; nil where no hierarchy has the cgroup, or none of its files
  ///   can be read.
  package func figures(of path: String) -> CgroupFigures? {
    guard CgroupTree.isPath(path) else { return nil }
    var figures = CgroupFigures()
    for hierarchy in mounts.hierarchies {
      let group = Group(path: hierarchy.mountPoint + path)
      if hierarchy.version == .v2 {
        figures.addUnified(group)
      } else {
        for controller in hierarchy.controllers { figures.add(controller, group) }
      }
    }
    return figures == CgroupFigures() ? nil : figures
  }

  /// A process in a cgroup, by its process ID as this process sees it; nil where it sees none.
  ///
  /// - Parameter path: the cgroup's path.
  /// - Returns: the first process.
  package func process(in path: String) -> Int32? {
    guard CgroupTree.isPath(path) else { return nil }
    for hierarchy in mounts.hierarchies {
      let group = Group(path: hierarchy.mountPoint + path)
      if let text = group.text("cgroup.procs"), let line = text.split(separator: "\n").first,
        let pid = Int32(line), pid > 0
      {
        return pid
      }
    }
    return nil
  }

  fileprivate struct Group {
    let path: String

    func text(_ file: String) -> String? { try? TextFile.text("\(path)/\(file)") }

    func number(_ file: String) -> Int64? {
      text(file).flatMap { $0.split(separator: "\n").first }.flatMap { Int64($0) }
    }

    /// A limit; nil for `max`, and for the value with which version 1 represents no limit.
    func limit(_ file: String) -> Int64? {
      number(file).flatMap { $0 >= 0 && $0 < 1 << 60 ? $0 : nil }
    }

    /// The value of a key, in a file with one key in each line.
    func value(_ key: String, in file: String) -> Int64? {
      for line in (text(file) ?? "").split(separator: "\n") {
        let words = line.split(separator: " ")
        if words.count == 2, words[0] == key { return Int64(words[1]) }
      }
      return nil
    }
  }
}

extension CgroupFigures {
  fileprivate mutating func addUnified(_ group: CgroupReader.Group) {
    if let current = group.number("memory.current") {
      memory = max(0, current - (group.value("inactive_file", in: "memory.stat") ?? 0))
    }
    memoryLimit = memoryLimit ?? group.limit("memory.max")
    if let usage = group.value("usage_usec", in: "cpu.stat") { seconds = Double(usage) / 1e6 }
    let bandwidth = (group.text("cpu.max") ?? "").split { $0 == " " || $0 == "\n" }
    if bandwidth.count == 2, let time = Double(bandwidth[0]), let period = Double(bandwidth[1]),
      period > 0
    {
      quota = time / period
    }
    tasks = tasks ?? group.number("pids.current")
    // `8:0 rbytes=1 wbytes=2 …`, one line for each device.
    guard let text = group.text("io.stat") else { return }
    (read, written) = (0, 0)
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if word.hasPrefix("rbytes=") { read = sum(read, word.dropFirst(7)) }
      if word.hasPrefix("wbytes=") { written = sum(written, word.dropFirst(7)) }
    }
  }

  fileprivate mutating func add(_ controller: String, _ group: CgroupReader.Group) {
    switch controller {
    case "memory":
      if let usage = group.number("memory.usage_in_bytes") {
        let cache = group.value("total_inactive_file", in: "memory.stat") ?? 0
        memory = max(0, usage - cache)
      }
      memoryLimit = group.limit("memory.limit_in_bytes")
    case "cpuacct": seconds = group.number("cpuacct.usage").map { Double($0) / 1e9 }
    case "cpu":
      if let time = group.limit("cpu.cfs_quota_us"), time > 0,
        let period = group.limit("cpu.cfs_period_us"), period > 0
      {
        quota = Double(time) / Double(period)
      }
    case "pids": tasks = group.number("pids.current")
    case "blkio":
      // `8:0 Read 4096`, one line for each device and kind.
      guard let text = group.text("blkio.throttle.io_service_bytes_recursive") else { return }
      (read, written) = (0, 0)
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count == 3 else { continue }
        if words[1] == "Read" { read = sum(read, words[2]) }
        if words[1] == "Write" { written = sum(written, words[2]) }
      }
    default: break
    }
  }

  private func sum(_ total: Int64?, _ text: Substring) -> Int64 {
    let (sum, overflows) = (total ?? 0).addingReportingOverflow(Int64(text) ?? 0)
    return overflows ? .max : sum
  }
}
