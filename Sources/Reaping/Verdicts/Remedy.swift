/// The operator's remedy for an undecided pod (docs/operate.md, "Undecided pods"). The raw value is
/// the value of the label `reason` in the metric `pod_reaper_undecided_pods`.
enum Remedy: String, Sendable, CaseIterable {
  case wait = "waiting"
  case local = "remote-engine"
  case table = "process-table"
  case machine = "no-machine-id"
  case process = "process-unreadable"
  case cgroup = "cgroup-unreadable"
  case noAgent = "no-agent"
  case agent = "agent-silent"

  /// The text that `status` and `explain` print.
  var text: String {
    switch self {
    case .wait: "wait until a later pass decides again"
    case .local: "run pod-reaper on the engine's own host, with the engine's unix socket"
    case .table:
      "run pod-reaper with the host's /proc: on the host itself, or in a container with --pid host, and without hidepid"
    case .machine:
      "run systemd-machine-id-setup on this host for later pods, and remove this pod by hand"
    case .process: "give pod-reaper CAP_SYS_PTRACE, as its unit does"
    case .cgroup:
      "give pod-reaper the host's cgroup tree: /sys/fs/cgroup, and in a container --cgroupns host"
    case .noAgent: "set agent-url or agent-work-dir"
    case .agent:
      "check that the agent responds and is registered; with access control, set agent-token-file and agent-sees-everything"
    }
  }
}

extension Finding {
  /// The meaning of the finding for a verdict, as `explain` prints it.
  var means: String {
    switch self {
    case .processAlive, .leaseHeld, .cgroupPopulated, .agentLists, .checkpointedProcess: "alive"
    case .processGone: "dead"
    case .processExitObserved: "dead, confirmed"
    case .leaseDropped, .agentReportedRemoval: "confirms a death"
    case .cgroupEmpty, .cgroupMissing, .agentOmits, .sentinel: "part of a proof"
    case .processUnreadable, .cgroupUnreadable, .agentSilent, .checkpointSilent, .leaseReleased:
      "proves nothing"
    }
  }
}
