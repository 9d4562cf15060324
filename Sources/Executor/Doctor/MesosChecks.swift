/// Evaluates the responses of agent and pod-reaper for pods. It sends no requests.
enum MesosChecks {
  /// An agent's response.
  enum Agent: Sendable, Equatable {
    /// There was no response; the value is the reason.
    case away(String)
    /// It responded with this status instead of its flags.
    case refused(status: Int)
    /// The process that responded is not an agent.
    case other
    /// The agent's flags.
    case flags([String: String])
  }

  static func agent(_ address: String, _ agent: Agent) -> HostCheck {
    let name = "agent"
    switch agent {
    case .away(let reason):
      return .warn(
        name, "no agent at \(address): \(reason)",
        fix: "start it, or name it with --agent or MESOS_AGENT_ENDPOINT")
    case .refused(let status) where status == 401 || status == 403:
      return .ok(
        name, "\(address), which requires credentials for its flags (\(status))")
    case .refused(let status):
      return .warn(
        name, "\(address) responds with status \(status)", fix: "name the agent with --agent")
    case .other:
      return .warn(
        name, "the service at \(address) isn't a Mesos agent", fix: "name the agent with --agent")
    case .flags(let flags):
      let isolation = flags["isolation"].map { ", isolation \($0)" } ?? ""
      return .ok(name, address + isolation)
    }
  }

  /// The name of the agent's hook.
  static let hookName = "org_compose_executor_PodHook"
  static let hookPath = "/usr/lib/compose-executor/libcompose_pod_hook.so"

  /// Evaluates the hook module.
  ///
  /// - Parameters:
  ///   - agent: the agent's response.
  ///   - isInstalled: whether the library is in the packages' directory.
  /// - Returns: the check.
  static func hook(_ agent: Agent, isInstalled: Bool) -> HostCheck {
    let name = "hook-module"
    guard case .flags(let flags) = agent else {
      return isInstalled
        ? .ok(name, "\(hookPath) is installed; whether the agent has loaded it isn't known")
        : .warn(
          name, "not installed",
          fix: "see docs/operate.md; without it pod-reaper detects crashes by leases and passes")
    }
    let hooks = (flags["hooks"] ?? "").split(separator: ",").map { String($0) }
    if hooks.contains(where: { $0.split(separator: " ").joined() == hookName }) {
      return .ok(name, "the agent has loaded \(hookName)")
    }
    return .warn(
      name, isInstalled ? "installed, but the agent hasn't loaded it" : "not installed",
      fix: "start the agent with --modules and --hooks=\(hookName) (docs/operate.md)")
  }

  /// The program pod-reaper.
  enum Program: Sendable, Equatable {
    case missing
    /// It could not be run; the value is the reason.
    case silent(path: String, String)
    case version(path: String, String)
  }

  static func program(_ program: Program, own: String) -> HostCheck {
    let name = "reaper-program"
    switch program {
    case .missing:
      return .warn(
        name, "pod-reaper isn't installed beside compose-executor or on the PATH",
        fix: "install it: without it, nothing removes the pods of dead executors")
    case .silent(let path, let reason):
      return .warn(name, "\(path) --version: \(reason)", fix: "reinstall it")
    case .version(let path, own):
      return .ok(name, "\(path), version \(own), the same as this program")
    case .version(let path, let version):
      return .warn(
        name, "\(path) has version \(version), this program \(own)",
        fix: "install both from one release")
    }
  }

  /// The result of a request on a local socket.
  enum Reply: Sendable, Equatable {
    /// The socket does not exist.
    case missing
    /// The permissions of the socket exclude this user.
    case forbidden
    /// No process listens.
    case abandoned
    /// The listening process did not respond in time.
    case silent
    case text(String)
  }

  /// The state that a service reports.
  struct Service: Sendable, Equatable {
    var isHealthy: Bool
    var problem: String?
    var version: String?
  }

  /// Evaluates the reaper's service.
  ///
  /// - Parameters:
  ///   - path: the control socket.
  ///   - reply: the result of the request.
  ///   - service: the decoded reply; nil for any other reply.
  ///   - own: this program's version.
  /// - Returns: the check.
  static func service(
    _ path: String, _ reply: Reply, _ service: Service?, own: String
  ) -> HostCheck {
    let name = "reaper-service"
    if let service {
      if !service.isHealthy {
        return .fail(
          name, "unhealthy: \(service.problem ?? "no reason given")", fix: "see pod-reaper status")
      }
      guard let version = service.version, version != own else {
        return .ok(name, "running, version \(service.version ?? "unknown")")
      }
      return .warn(
        name, "the running service has version \(version), this program \(own)",
        fix: "install both from one release, and run systemctl restart pod-reaper")
    }
    switch reply {
    case .missing, .abandoned:
      return .warn(
        name, "no service at \(path)",
        fix: "run systemctl enable --now pod-reaper, or run pod-reaper --once regularly")
    case .forbidden:
      return .warn(name, "\(path) belongs to another user", fix: "run doctor as root")
    case .silent:
      return .fail(
        name, "the service at \(path) doesn't respond", fix: "run systemctl restart pod-reaper")
    case .text:
      return .warn(
        name, "the running service is of an earlier version than this program",
        fix: "install both from one release, and run systemctl restart pod-reaper")
    }
  }

  /// Evaluates the lease socket.
  ///
  /// - Parameters:
  ///   - path: the lease socket.
  ///   - reply: the result of a request for a lease.
  ///   - accepted: the reply that grants a lease.
  /// - Returns: the check.
  static func leases(_ path: String, _ reply: Reply, accepted: String) -> HostCheck {
    let name = "leases"
    switch reply {
    case .text(let text) where text.hasPrefix(accepted):
      return .ok(name, "accepted at \(path)")
    case .text:
      return .fail(
        name, "refused at \(path)",
        fix: "see pod-reaper's log (--log-level debug): the number of leases per user is limited")
    case .missing, .abandoned:
      return .warn(
        name, "no process accepts leases at \(path)",
        fix: "run pod-reaper as a service: by leases it detects crashes at once")
    case .forbidden:
      return .warn(
        name, "this user may not connect to \(path)",
        fix: "run chmod 0666 on it, the mode that pod-reaper sets")
    case .silent:
      return .fail(name, "no response at \(path)", fix: "run systemctl restart pod-reaper")
    }
  }
}
