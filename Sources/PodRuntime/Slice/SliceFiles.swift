import Cgroups
import Glibc
import PodIdentity
import SystemPackage
import Linux

/// The files of a slice's cgroup, which show the limits that the kernel applies to its containers.
struct SliceFiles: Sendable {
  let slice: PodSlice
  let version: CgroupVersion
  let mounts: CgroupMounts

  /// The slice's group in the hierarchy of a controller; nil if that isn't mounted.
  func group(_ controller: String) -> String? { directory(controller, slice.path) }

  private func directory(_ controller: String, _ path: String) -> String? {
    mounts.hierarchies.first {
      $0.version == version && (version == .v2 || $0.controllers.contains(controller))
    }.map { $0.mountPoint + path }
  }

  /// A file's text with single spaces between fields; nil if it can't be read.
  private func text(_ controller: String, _ file: String) -> String? {
    guard let group = group(controller), let text = try? TextFile.text("\(group)/\(file)") else {
      return nil
    }
    return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private var names: [(controller: String, file: String)] {
    version == .v2
      ? [
        ("memory", "memory.max"), ("memory", "memory.low"), ("cpu", "cpu.max"),
        ("cpu", "cpu.weight"), ("pids", "pids.max"),
      ]
      : [
        ("memory", "memory.limit_in_bytes"), ("cpu", "cpu.cfs_quota_us"), ("cpu", "cpu.shares"),
        ("pids", "pids.max"),
      ]
  }

  /// The limits in force, which change when the slice is changed or replaced; nil if it doesn't
  /// exist.
  var inForce: [String]? {
    var status = stat()
    guard let group = group(version == .v2 ? "" : "memory") ?? group("cpu"),
      lstat(group, &status) == 0
    else { return nil }
    return ["\(status.st_ino)"] + names.map { text($0.controller, $0.file) ?? "" }
  }

  /// The first limit that isn't in force.
  ///
  /// - Parameter limits: the required limits.
  /// - Returns: its description; nil if all are in force.
  func missing(_ limits: SliceLimits) -> String? {
    if let memory = limits.memory {
      let file = version == .v2 ? "memory.max" : "memory.limit_in_bytes"
      // The kernel counts whole pages.
      let limit = text("memory", file).flatMap { Int64($0) }
      if limit.map({ $0 > memory || $0 < memory - 65_536 }) ?? true {
        return "memory limit of \(memory) bytes (\(file) is \(text("memory", file) ?? "missing"))"
      }
    }
    if let quota = limits.quota {
      let file = version == .v2 ? "cpu.max" : "cpu.cfs_quota_us"
      let value = text("cpu", file) ?? "missing"
      if value.hasPrefix("max")
        || Int(value.split(separator: " ").first ?? "").map({ $0 <= 0 }) ?? true
      {
        return "limit of \(quota) processors (\(file) is \(value))"
      }
    }
    if let tasks = limits.own.tasks {
      let value = text("pids", "pids.max") ?? "missing"
      if value != String(tasks) { return "limit of \(tasks) processes (pids.max is \(value))" }
    }
    return nil
  }

  /// Writes the limits that systemd doesn't manage on version 1, into groups in which the engine
  /// creates its containers' groups.
  ///
  /// - Parameter limits: the required limits.
  /// - Throws: `SetupFailure` with the file.
  func writeOthers(_ limits: SliceLimits) throws(SetupFailure) {
    guard version == .v1 else { return }
    for value in limits.own.others {
      let components = slice.path.split(separator: "/")
      for count in 1...components.count {
        let path = "/" + components.prefix(count).joined(separator: "/")
        guard let group = directory(value.controller, path) else { continue }
        if mkdir(group, 0o755) != 0, errno != EEXIST {
          throw failure(group, Errno(rawValue: errno))
        }
        // The slices above belong to all pods.
        guard let text = count == components.count ? value.text : value.ofRoot else { continue }
        let file = "\(group)/\(value.file)"
        if count < components.count, let now = try? TextFile.text(file), now != "\n" { continue }
        try write(text, to: file)
      }
    }
    if let memory = group("memory") {
      if let reserved = limits.reservedMemory {
        try write(String(reserved), to: "\(memory)/memory.soft_limit_in_bytes")
      }
      if let swap = limits.own.swap {
        try write(String(swap), to: "\(memory)/memory.memsw.limit_in_bytes")
      }
    }
  }

  private func write(_ text: String, to file: String) throws(SetupFailure) {
    do {
      let descriptor = try FileDescriptor.open(
        FilePath(file), .writeOnly, options: .closeOnExec)
      _ = try descriptor.closeAfter { try descriptor.writeAll(text.utf8) }
    } catch {
      throw failure(file, error)
    }
  }

  private func failure(_ file: String, _ error: any Error) -> SetupFailure {
    SetupFailure(
      description: "\(file) can't be written, so a limit of the task would not apply: \(error)")
  }

  /// How many processes of a container the kernel has killed for memory.
  ///
  /// - Parameter container: its ID.
  /// - Returns: the number; 0 if the kernel doesn't report it (version 1 before Linux 4.13).
  func memoryKills(of container: String) -> Int {
    let file = version == .v2 ? "memory.events" : "memory.oom_control"
    let path = group("memory").map { "\($0)/\(PodSlice.scope(of: container))/\(file)" } ?? ""
    return Self.count("oom_kill", in: path) ?? 0
  }

  /// How often the slice has reached its limit with nothing left to reclaim. On version 1, where
  /// the kernel signals each event, 1 if it has reached its limit at all.
  var memoryHits: Int {
    guard let group = group("memory") else { return 0 }
    if version == .v1 {
      return text("memory", "memory.failcnt").flatMap { Int($0) }.map { min($0, 1) } ?? 0
    }
    return Self.count("oom", in: "\(group)/memory.events.local")
      ?? Self.count("oom", in: "\(group)/memory.events") ?? 0
  }

  private static func count(_ key: String, in path: String) -> Int? {
    guard let text = try? TextFile.text(path) else { return nil }
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      if fields.count == 2, fields[0] == key { return Int(fields[1]) }
    }
    return nil
  }
}
