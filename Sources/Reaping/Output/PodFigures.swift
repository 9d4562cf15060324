import Cgroups
import PodIdentity
import Linux

/// What a living pod uses, from its cgroup: with the systemd driver the agent's statistics don't
/// contain it.
struct PodFigures: Sendable, Equatable {
  /// A pod whose figures are asked for.
  struct Source: Sendable, Equatable {
    var identity: PodIdentity
    var task: String { identity.taskID }
    var run: String { identity.run }
    /// Its cgroup's path.
    var path: String { identity.cgroupParent }
  }
  /// Bytes of memory; nil where the kernel doesn't count them.
  var memory: Int64?
  /// Seconds of processor time; nil where the kernel doesn't count them.
  var seconds: Double?

  /// Reads the kernel's files.
  init(_ path: String, mounts: CgroupMounts) {
    for hierarchy in mounts.hierarchies {
      let group = hierarchy.mountPoint + path
      func number(_ file: String) -> Int64? {
        let text = (try? TextFile.text("\(group)/\(file)")) ?? ""
        return Int64(text.split(separator: "\n").first ?? "")
      }
      if hierarchy.version == .v1 {
        if hierarchy.controllers.contains("memory") { memory = number("memory.usage_in_bytes") }
        if hierarchy.controllers.contains("cpuacct") {
          seconds = number("cpuacct.usage").map { Double($0) / 1e9 }
        }
      } else {
        memory = memory ?? number("memory.current")
        // `usage_usec 4711`, the first line.
        let text = (try? TextFile.text("\(group)/cpu.stat")) ?? ""
        let usage = text.split(separator: "\n").first?.split(separator: " ").last
        seconds = seconds ?? usage.flatMap { Double($0) }.map { $0 / 1e6 }
      }
    }
  }
}
