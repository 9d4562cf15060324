import Cgroups
import DockerEngine
import Linux
import PodIdentity

/// What a pod and its containers use, as the kernel counts it: seen now and then, since a container's cgroup goes with it.
struct PodUsage: Sendable {
  /// What a cgroup has used.
  struct Figures: Sendable, Equatable {
    /// Bytes of memory, at most.
    var peakMemory: Int64?
    /// Processor time in seconds.
    var cpuSeconds: Double?
  }

  /// By container, of the last start alone.
  private(set) var containers: [String: Figures] = [:]
  /// Of the whole pod, where it has a cgroup of its own.
  private(set) var pod: Figures?
  private let mounts: CgroupMounts

  init() { mounts = (try? .current()) ?? CgroupMounts(mountinfo: "") }

  /// Reads the cgroups of a pod, and of those containers that have one.
  ///
  /// - Parameters:
  ///   - identity: the pod's.
  ///   - ids: its containers.
  mutating func read(_ identity: PodIdentity, _ ids: [String]) {
    if let figures = figures(of: identity.cgroupParent) { pod = figures }
    for id in ids {
      let group = identity.slice == nil ? id : PodSlice.scope(of: id)
      guard let now = figures(of: "\(identity.cgroupParent)/\(group)") else { continue }
      var known = containers[id] ?? Figures()
      known.peakMemory = [known.peakMemory, now.peakMemory].compactMap { $0 }.max()
      // A new start counts anew.
      known.cpuSeconds = now.cpuSeconds ?? known.cpuSeconds
      containers[id] = known
    }
  }

  private func figures(of path: String) -> Figures? {
    guard CgroupFolders.isPath(path) else { return nil }
    var figures = Figures()
    for hierarchy in mounts.hierarchies {
      let group = hierarchy.mountPoint + path
      if hierarchy.version == .v2 {
        // Linux 5.19 counts the peak itself.
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

/// What a pod remembers for the report of its end.
struct ReportNotes: Sendable {
  /// What its containers use.
  var usage = PodUsage()
  /// The service whose exit or state decided the pod's end, and its exit code.
  var decider: (service: String, exitCode: Int?)?
  /// What became of optional and final services, in words, where that wasn't what it should be.
  var optionalFailures: [String] = []
  /// When the last container had exited.
  var stoppedAt: String?
}

extension Pod {
  /// Reads what the pod's containers use until the task is cancelled: after half a second, and then after pauses that double
  /// up to half a minute.
  func watchUsage() async {
    // The cgroups of an engine elsewhere are out of reach.
    guard engine.endpoint.socketPath != nil else { return }
    var pause = Duration.milliseconds(500)
    while (try? await Task.sleep(for: pause)) != nil {
      readUsage()
      pause = min(pause * 2, .seconds(30))
    }
  }

  /// Looks at what the pod's containers use.
  func readUsage() {
    guard engine.endpoint.socketPath != nil, let identity = plan?.identity else { return }
    notes.usage.read(identity, members.values.compactMap(\.liveContainer))
  }
}
