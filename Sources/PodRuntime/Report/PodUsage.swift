import Cgroups
import DockerEngine
import Linux
import PodIdentity

/// Resource usage of a pod and its containers from the kernel's counters. It is sampled repeatedly,
/// because a container's cgroup disappears with the container.
struct PodUsage: Sendable {
  /// The usage of a cgroup.
  struct Figures: Sendable, Equatable {
    /// Peak memory in bytes.
    var peakMemory: Int64?
    /// Processor time in seconds.
    var cpuSeconds: Double?
  }

  /// Usage by container ID; processor time is that of the container's last start.
  private(set) var containers: [String: Figures] = [:]
  /// Usage of the whole pod; nil if it has no cgroup of its own.
  private(set) var pod: Figures?
  private let mounts: CgroupMounts

  init() { mounts = (try? .current()) ?? CgroupMounts(mountinfo: "") }

  /// Reads the cgroups of a pod and of those of its containers that have one.
  ///
  /// - Parameters:
  ///   - identity: the pod's identity.
  ///   - ids: the IDs of its containers.
  mutating func read(_ identity: PodIdentity, _ ids: [String]) {
    if let figures = figures(of: identity.cgroupParent) { pod = figures }
    for id in ids {
      let group = identity.slice == nil ? id : PodSlice.scope(of: id)
      guard let now = figures(of: "\(identity.cgroupParent)/\(group)") else { continue }
      var known = containers[id] ?? Figures()
      known.peakMemory = [known.peakMemory, now.peakMemory].compactMap { $0 }.max()
      // The counter starts at 0 after each start.
      known.cpuSeconds = now.cpuSeconds ?? known.cpuSeconds
      containers[id] = known
    }
  }

  private func figures(of path: String) -> Figures? {
    guard CgroupTree.isPath(path) else { return nil }
    var figures = Figures()
    // Version 1 first: where it has both figures, a hybrid host's version 2 tree adds nothing.
    for hierarchy in mounts.hierarchies.sorted(by: { $0.version == .v1 && $1.version == .v2 }) {
      if figures.peakMemory != nil, figures.cpuSeconds != nil { break }
      let group = hierarchy.mountPoint + path
      if hierarchy.version == .v2 {
        // `memory.peak` exists since Linux 5.19. Older kernels only have the current value.
        figures.peakMemory =
          number("\(group)/memory.peak") ?? number("\(group)/memory.current") ?? figures.peakMemory
        let line = (try? TextFile.text("\(group)/cpu.stat"))?.split(separator: "\n")
          .first { $0.hasPrefix("usage_usec ") }
        if let time = line.flatMap({ Double($0.dropFirst("usage_usec ".count)) }) {
          figures.cpuSeconds = time / 1e6
        }
      } else if hierarchy.controllers.contains("memory") {
        figures.peakMemory = number("\(group)/memory.max_usage_in_bytes")
      }
      if hierarchy.controllers.contains("cpuacct"), let time = number("\(group)/cpuacct.usage") {
        figures.cpuSeconds = Double(time) / 1e9
      }
    }
    return figures == Figures() ? nil : figures
  }

  private func number(_ path: String) -> Int64? {
    (try? TextFile.text(path)).flatMap { $0.split(separator: "\n").first }.flatMap { Int64($0) }
  }
}

/// Data that a pod collects for the report of its end.
struct ReportNotes: Sendable {
  /// Resource usage of the pod and its containers.
  var usage = PodUsage()
  /// The service whose exit or state decided the outcome, and its exit code.
  var decider: (service: String, exitCode: Int?)?
  /// Descriptions of failures of optional and final services.
  var optionalFailures: [String] = []
  /// When the last container had exited.
  var stoppedAt: String?
}

extension Pod {
  /// Samples resource usage until the task is canceled: first after half a second, then at
  /// intervals that double up to a minute.
  func watchUsage() async {
    // The cgroups of a remote engine can't be read.
    guard engine.endpoint.socketPath != nil else { return }
    var pause = Duration.milliseconds(500)
    while (try? await Task.sleep(for: pause)) != nil {
      readUsage()
      pause = min(pause * 2, .seconds(60))
    }
  }

  /// Samples the resource usage of the pod's containers.
  func readUsage() {
    guard engine.endpoint.socketPath != nil, let identity = plan?.identity else { return }
    notes.usage.read(identity, members.values.compactMap(\.liveContainer))
  }
}
