/// What an operator can do about an undecided pod (docs/operate.md, "Undecided pods").
enum Remedy {
  static let wait = "wait until a later pass judges it again"
  static let local = "run pod-reaper on the engine's own host, with the engine's unix socket"
  static let table =
    "run pod-reaper with the host's /proc: on the host itself, or in a container with --pid host, and without hidepid"
  static let machine =
    "systemd-machine-id-setup on this host, so that later pods are told apart; remove this one by hand"
  static let process = "give pod-reaper CAP_SYS_PTRACE, as its unit does"
  static let cgroup =
    "let pod-reaper see the host's cgroup tree: /sys/fs/cgroup, and in a container --cgroupns host"
  static let noAgent = "set agent-url or agent-work-dir, so that the agent can tell"
  static let agent =
    "let the agent respond and register with its master; with access control, give agent-token-file and agent-sees-everything"
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
