import Cgroups
import PodIdentity
import Linux

/// The resource usage of a living pod, from its cgroup. With the systemd driver the agent's
/// statistics don't include it.
struct PodFigures: Sendable, Equatable {
  /// A pod to be measured.
  struct Source: Sendable, Equatable {
    var identity: PodIdentity
    var task: String { identity.taskID }
    var run: String { identity.run }
    /// The path of its cgroup.
    var path: String { identity.cgroupParent }
  }
  /// Memory in bytes; nil if the kernel doesn't count it.
  var memory: Int64?
  /// CPU time in seconds; nil if the kernel doesn't count it.
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
        // The first line, such as `usage_usec 4711`.
        let text = (try? TextFile.text("\(group)/cpu.stat")) ?? ""
        let usage = text.split(separator: "\n").first?.split(separator: " ").last
        seconds = seconds ?? usage.flatMap { Double($0) }.map { $0 / 1e6 }
      }
    }
  }
}
