/// A pod of random shape, for rounds in which a stranger uses the same engine.
struct StrangerPod: Sendable, Equatable {
  /// The activity of a service's process.
  enum Work: Sendable, Equatable {
    /// Runs until TERM, then exits with a code.
    case forever(exit: Int)
    /// Runs for some time, writes a mark, then exits with a code.
    case job(milliseconds: Int, exit: Int)
    /// Fails once, then does what a job does.
    case flaky(milliseconds: Int)
    /// Exits with 0 repeatedly.
    case flapping(milliseconds: Int)
  }

  enum Restart: String, Sendable, CaseIterable {
    case no
    case onFailure = "on-failure"
    case unlessStopped = "unless-stopped"
    case always
  }

  enum Condition: String, Sendable {
    case started = "service_started"
    case healthy = "service_healthy"
    case completed = "service_completed_successfully"
  }

  /// The namespace of another service that a service joins.
  struct Joined: Sendable, Equatable {
    var namespace: String
    var owner: String
  }

  struct Dependency: Sendable, Equatable {
    var service: String
    var condition: Condition
  }

  struct Service: Sendable, Equatable {
    var name: String
    var work: Work
    var restart = Restart.no
    var replicas = 1
    var hasHealthcheck = false
    var dependencies: [Dependency] = []
    var networks: [String] = []
    var volumes: [String] = []
    var joined: Joined?

    /// Its first exit is its last.
    var endsAtOnce: Bool {
      if case .job = work { true } else { false }
    }

    /// It never completes: its pod runs until it is stopped.
    var runsForGood: Bool {
      switch work {
      case .forever, .flapping: true
      case .job, .flaky: false
      }
    }

    /// Its containers run without interruption once they have started.
    var isSteady: Bool {
      if case .forever = work { true } else { false }
    }

    /// The code that fails the pod without any event.
    var failure: Int? {
      if case .job(_, let code) = work, code != 0, restart == .no { code } else { nil }
    }
  }

  /// The origin of the image.
  enum Image: String, Sendable, CaseIterable {
    /// Another name of an image that a stranger's container uses.
    case shared
    /// An image of its own. After a removal it can't be restored.
    case local
    /// A registry has it.
    case registry
  }

  var services: [Service] = []
  var networks: [String] = []
  var volumes: [String] = []
  var image = Image.shared
  /// Options of `compose-executor run`.
  var options: [String] = []

  /// An infrastructure container holds namespaces for the services.
  var hasInfra: Bool { options.contains("--share") }

  /// Every service completes by itself.
  var endsByItself: Bool { !services.contains(where: \.runsForGood) }

  func service(_ name: String) -> Service? { services.first { $0.name == name } }

  /// The Compose file.
  ///
  /// - Parameter image: the name of the image that all services use.
  /// - Returns: the file's text.
  func yaml(image: String) -> String {
    var lines = ["services:"]
    for service in services { lines += service.yaml(image: image).map { "  " + $0 } }
    if !networks.isEmpty { lines += ["networks:"] + networks.map { "  \($0): {}" } }
    if !volumes.isEmpty { lines += ["volumes:"] + volumes.map { "  \($0): {}" } }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension StrangerPod.Service {
  fileprivate func yaml(image: String) -> [String] {
    var lines = ["\(name):", "  image: \(image)", "  stop_grace_period: 1s"]
    lines.append("  command: [sh, -c, \"\(script)\"]")
    if restart != .no { lines.append("  restart: \(restart.rawValue)") }
    if replicas > 1 { lines.append("  scale: \(replicas)") }
    if hasHealthcheck {
      lines.append("  healthcheck: {test: [CMD, \"true\"], interval: 300ms, retries: 3}")
    }
    if !dependencies.isEmpty {
      let parts = dependencies.map { "\($0.service): {condition: \($0.condition.rawValue)}" }
      lines.append("  depends_on: {\(parts.joined(separator: ", "))}")
    }
    if let joined {
      let key = joined.namespace == "net" ? "network_mode" : joined.namespace
      lines.append("  \(key): service:\(joined.owner)")
    }
    if !networks.isEmpty { lines.append("  networks: [\(networks.joined(separator: ", "))]") }
    let mounts = ["./marks:/marks"] + volumes.map { "\($0):/\($0)" }
    lines.append("  volumes: [\(mounts.map { "\"\($0)\"" }.joined(separator: ", "))]")
    return lines
  }

  /// TERM stops every kind early, and all except one with 0: a job is recorded as
  /// complete when the engine shuts down.
  private var script: String {
    func wait(_ milliseconds: Int) -> String {
      "trap 'exit 0' TERM; sleep \(milliseconds / 1000).\(milliseconds % 1000 / 100) & wait"
    }
    let mark = "echo done >> /marks/\(name)"
    return switch work {
    case .forever(let code): "trap 'exit \(code)' TERM; sleep 1000 & wait"
    case .job(let milliseconds, let code): "\(wait(milliseconds)); \(mark); exit \(code)"
    case .flaky(let milliseconds):
      "\(wait(milliseconds)); if [ -e /marks/\(name).tried ]; then \(mark); "
        + "else touch /marks/\(name).tried; exit 1; fi"
    case .flapping(let milliseconds): wait(milliseconds)
    }
  }
}
