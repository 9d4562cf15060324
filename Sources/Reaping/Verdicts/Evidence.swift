import PodIdentity

/// One observation about an incarnation, with its time.
struct Evidence: Sendable, Hashable {
  var time: BootTime
  var finding: Finding
}

/// The result of an observation.
enum Finding: Sendable, Hashable {
  /// The process table has the process.
  case processAlive
  /// The process table proves that the process has exited.
  case processGone(ProcessStatus.End)
  /// This program's pidfd reported the exit.
  case processExitObserved
  /// The process table could not be read.
  case processUnreadable(String)
  /// The run's cgroup has this number of processes outside of the pod's containers.
  case cgroupPopulated(Int)
  /// The run's cgroup has no such process.
  case cgroupEmpty
  /// The run's cgroup doesn't exist.
  case cgroupMissing
  /// The run's cgroup could not be read.
  case cgroupUnreadable(String)
  /// The agent lists the run.
  case agentLists
  /// The agent with the ID in the pod's labels doesn't list the run, after its recovery and with
  /// access to every run.
  case agentOmits
  /// The agent can't be queried, or its response proves nothing.
  case agentSilent(String)
  /// According to the agent's checkpoint the run is over.
  case sentinel
  /// The agent's checkpoint has a process that is alive.
  case checkpointedProcess(Int32)
  /// The agent's checkpoint has no living process, and the run isn't over.
  case checkpointSilent
  /// The executor holds its lease.
  case leaseHeld
  /// The executor's lease was dropped.
  case leaseDropped
  /// The executor released its lease because its work is complete.
  case leaseReleased
  /// The agent reported that it removed the executor.
  case agentReportedRemoval

  /// The origin of a finding. The newest finding of a source replaces its earlier ones.
  enum Source: Sendable, Hashable { case process, pidfd, cgroup, agent, checkpoint, lease, hook }

  /// The source of the finding.
  var source: Source {
    switch self {
    case .processAlive, .processGone, .processUnreadable: .process
    case .processExitObserved: .pidfd
    case .cgroupPopulated, .cgroupEmpty, .cgroupMissing, .cgroupUnreadable: .cgroup
    case .agentLists, .agentOmits, .agentSilent: .agent
    case .sentinel, .checkpointedProcess, .checkpointSilent: .checkpoint
    case .leaseHeld, .leaseDropped, .leaseReleased: .lease
    case .agentReportedRemoval: .hook
    }
  }

  /// The description for `explain` and the journal.
  var text: String {
    switch self {
    case .processAlive: "its process is alive"
    case .processGone(.noProcess): "no process has its pid"
    case .processGone(.pidUsedAgain): "its pid belongs to another process"
    case .processGone(.ended): "its process has exited and is a zombie"
    case .processExitObserved: "the exit of its process was observed"
    case .processUnreadable(let why): "the process table proves nothing: \(why)"
    case .cgroupPopulated(let count):
      "its cgroup contains \(count) process\(count == 1 ? "" : "es") outside the pod's containers"
    case .cgroupEmpty: "its cgroup contains no process outside the pod's containers"
    case .cgroupMissing: "its cgroup doesn't exist"
    case .cgroupUnreadable(let why): "its cgroup can't be read: \(why)"
    case .agentLists: "the agent lists the run"
    case .agentOmits: "the agent doesn't list the run"
    case .agentSilent(let why): "the agent proves nothing: \(why)"
    case .sentinel: "the run is over according to the agent's checkpoint"
    case .checkpointedProcess(let pid): "process \(pid) of the agent's checkpoint is alive"
    case .checkpointSilent: "the agent's checkpoint has no living process"
    case .leaseHeld: "its lease is held"
    case .leaseDropped: "its lease was dropped"
    case .leaseReleased: "its executor released its lease: its work is complete"
    case .agentReportedRemoval: "the agent reported that it removed the executor"
    }
  }
}

/// The evidence about one incarnation: the newest finding of each source, the time since when it
/// holds, and findings that stay true. Its size is bounded, however long a pod lives.
struct EvidenceRecord: Sendable, Equatable {
  /// When the pod was first seen. Earlier observations are ignored: the incarnation may not have
  /// started by then.
  let firstSeen: BootTime
  private(set) var evidence: [Evidence] = []

  init(firstSeen: BootTime) { self.firstSeen = firstSeen }

  /// Adds an observation. The order doesn't matter, and neither do repetitions.
  mutating func add(_ finding: Finding, at time: BootTime) {
    guard time >= firstSeen else { return }
    let new = Evidence(time: time, finding: finding)
    let same = evidence.filter { $0.finding.source == finding.source } + [new]
    evidence.removeAll { $0.finding.source == finding.source }
    evidence += Self.compacted(same)
  }

  /// Keeps the first and last of the newest row of equivalent findings, and the newest of every
  /// other finding.
  private static func compacted(_ list: [Evidence]) -> [Evidence] {
    let sorted = list.sorted { $0.time < $1.time }
    guard let newest = sorted.last else { return [] }
    let row = sorted.reversed().prefix { $0.finding.isEquivalent(newest.finding) }
    var kept: [Evidence] = []
    for item in sorted.dropLast(row.count) {
      kept.removeAll { $0.finding.isEquivalent(item.finding) }
      kept.append(item)
    }
    if let first = row.last, first != newest { kept.append(first) }
    return kept + [newest]
  }
}

extension Finding {
  /// Whether two findings are equivalent within a row of observations: an empty cgroup and a
  /// missing cgroup are.
  func isEquivalent(_ other: Finding) -> Bool {
    switch (self, other) {
    case (.processGone, .processGone), (.processUnreadable, .processUnreadable),
      (.cgroupPopulated, .cgroupPopulated), (.cgroupUnreadable, .cgroupUnreadable),
      (.agentSilent, .agentSilent), (.checkpointedProcess, .checkpointedProcess),
      (.cgroupEmpty, .cgroupMissing), (.cgroupMissing, .cgroupEmpty):
      true
    default: self == other
    }
  }
}
