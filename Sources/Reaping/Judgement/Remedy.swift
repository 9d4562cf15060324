/// What an operator can do about an undecided pod (docs/operate.md, "Undecided pods"). The raw value is the
/// label `reason` of a metric.
enum Remedy: String, Sendable, CaseIterable {
  case wait = "waiting"
  case local = "remote-engine"
  case table = "process-table"
  case machine = "no-machine-id"
  case process = "process-unreadable"
  case cgroup = "cgroup-unreadable"
  case noAgent = "no-agent"
  case agent = "agent-silent"

  /// What `status` and `explain` print.
  var text: String {
    switch self {
    case .wait: "wait until a later pass judges it again"
    case .local: "run pod-reaper on the engine's own host, with the engine's unix socket"
    case .table:
      "run pod-reaper with the host's /proc: on the host itself, or in a container with --pid host, and without hidepid"
    case .machine:
      "systemd-machine-id-setup on this host, so that later pods are told apart; remove this one by hand"
    case .process: "give pod-reaper CAP_SYS_PTRACE, as its unit does"
    case .cgroup:
      "let pod-reaper see the host's cgroup tree: /sys/fs/cgroup, and in a container --cgroupns host"
    case .noAgent: "set agent-url or agent-work-dir, so that the agent can tell"
    case .agent:
      "let the agent respond and register with its master; with access control, give agent-token-file and agent-sees-everything"
    }
  }
}

extension Finding {
  /// The meaning of the finding for a verdict, for `explain`.
  var means: String {
    switch self {
    case .processAlive, .leaseHeld, .cgroupPopulated, .agentLists, .checkpointedProcess: "alive"
    case .processGone: "dead"
    case .processEndSeen: "dead, confirmed"
    case .leaseDropped, .agentSaidRemoved: "confirms a death"
    case .cgroupEmpty, .cgroupMissing, .agentOmits, .sentinel: "part of a proof"
    case .processUnreadable, .cgroupUnreadable, .agentSilent, .checkpointSilent, .leaseReleased:
      "proves nothing"
    }
  }
}
