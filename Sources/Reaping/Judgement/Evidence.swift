import PodIdentity

/// One observation about an incarnation, with its time.
struct Evidence: Sendable, Hashable {
  var time: BootTime
  var finding: Finding
}

/// What was observed.
enum Finding: Sendable, Hashable {
  /// The process table has the process.
  case processAlive
  /// The process table proves that it is gone.
  case processGone(ProcessLook.End)
  /// This program's own pidfd reported its end.
  case processEndSeen
  /// The process table didn't tell.
  case processUnreadable(String)
  /// The run's cgroup holds so many processes that aren't in the pod's containers.
  case cgroupPopulated(Int)
  /// It holds none.
  case cgroupEmpty
  /// There is no such cgroup.
  case cgroupMissing
  /// It couldn't be read.
  case cgroupUnreadable(String)
  /// The agent lists the run.
  case agentLists
  /// The agent whose ID the pod bears, out of recovery and asked by one who may see everything,
  /// doesn't list it.
  case agentOmits
  /// The agent can't be asked, or its answer proves nothing.
  case agentSilent(String)
  /// The agent's checkpoint says that the run is over.
  case sentinel
  /// The agent's checkpoint names a process that lives.
  case checkpointedProcess(Int32)
  /// The agent's checkpoint names no living process, nor does it say that the run is over.
  case checkpointSilent
  /// The executor holds its lease.
  case leaseHeld
  /// The executor's lease was dropped.
  case leaseDropped
  /// The executor said that it is through, and let its lease go.
  case leaseReleased
  /// The agent said that it removed the executor.
  case agentSaidRemoved

  /// What it is evidence from: the newest of one source replaces what that source said before.
  enum Source: Sendable, Hashable { case process, pidfd, cgroup, agent, checkpoint, lease, hook }

  /// Who observed it.
  var source: Source {
    switch self {
    case .processAlive, .processGone, .processUnreadable: .process
    case .processEndSeen: .pidfd
    case .cgroupPopulated, .cgroupEmpty, .cgroupMissing, .cgroupUnreadable: .cgroup
    case .agentLists, .agentOmits, .agentSilent: .agent
    case .sentinel, .checkpointedProcess, .checkpointSilent: .checkpoint
    case .leaseHeld, .leaseDropped, .leaseReleased: .lease
    case .agentSaidRemoved: .hook
    }
  }

  /// In words, for `explain` and the journal.
  var words: String {
    switch self {
    case .processAlive: "its process lives"
    case .processGone(.noProcess): "no process has its pid"
    case .processGone(.pidUsedAgain): "its pid is another process's now"
    case .processGone(.ended): "its process has ended and waits for its parent"
    case .processEndSeen: "its process was seen to end"
    case .processUnreadable(let why): "the process table doesn't tell: \(why)"
    case .cgroupPopulated(let count):
      "its cgroup holds \(count) process\(count == 1 ? "" : "es") outside the pod's containers"
    case .cgroupEmpty: "its cgroup holds no process outside the pod's containers"
    case .cgroupMissing: "its cgroup is gone"
    case .cgroupUnreadable(let why): "its cgroup can't be read: \(why)"
    case .agentLists: "the agent lists the run"
    case .agentOmits: "the agent doesn't list the run"
    case .agentSilent(let why): "the agent doesn't tell: \(why)"
    case .sentinel: "the agent's checkpoint says that the run is over"
    case .checkpointedProcess(let pid): "the agent's checkpoint names process \(pid), which lives"
    case .checkpointSilent: "the agent's checkpoint names no process that lives"
    case .leaseHeld: "its lease is held"
    case .leaseDropped: "its lease was dropped"
    case .leaseReleased: "its lease was released by an executor that is through"
    case .agentSaidRemoved: "the agent said that it removed the executor"
    }
  }
}

/// What is known of one incarnation: of each source the newest word, since when it says so, and
/// what never becomes untrue. It is bounded, however long a pod lives.
struct EvidenceRecord: Sendable, Equatable {
  /// When the pod was first seen. What was observed before says nothing: the incarnation may not
  /// have begun.
  let firstSeen: BootTime
  private(set) var evidence: [Evidence] = []

  init(firstSeen: BootTime) { self.firstSeen = firstSeen }

  /// Takes an observation in, in any order and any number of times.
  mutating func add(_ finding: Finding, at time: BootTime) {
    guard time >= firstSeen else { return }
    let new = Evidence(time: time, finding: finding)
    let same = evidence.filter { $0.finding.source == finding.source } + [new]
    evidence.removeAll { $0.finding.source == finding.source }
    evidence += Self.essence(same)
  }

  /// First and last of the newest row of like words, and the newest of each other word.
  private static func essence(_ list: [Evidence]) -> [Evidence] {
    let sorted = list.sorted { $0.time < $1.time }
    guard let newest = sorted.last else { return [] }
    let row = sorted.reversed().prefix { $0.finding.isLike(newest.finding) }
    var kept: [Evidence] = []
    for item in sorted.dropLast(row.count) {
      kept.removeAll { $0.finding.isLike(item.finding) }
      kept.append(item)
    }
    if let first = row.last, first != newest { kept.append(first) }
    return kept + [newest]
  }
}

extension Finding {
  /// Whether two words mean the same for a row of observations: an empty cgroup and none at all do.
  func isLike(_ other: Finding) -> Bool {
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
