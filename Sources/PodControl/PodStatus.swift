/// The status of a pod, from its executor: a line of the response to `status` (docs/design.md,
/// "Control socket").
package struct PodStatus: Codable, Sendable, Equatable {
  /// The lifecycle state of a pod, as its executor knows it.
  package enum State: String, Codable, Sendable {
    case launching, running, unhealthy, stopping
  }

  /// A service's container.
  package struct Service: Codable, Sendable, Equatable {
    /// The service, with `-N` after it where it has several containers.
    package var name: String
    /// The container's ID; nil before it is created.
    package var container: String?
    /// `planned`, `created`, `starting`, `running`, `exiting`, `stopping`, `restarting` or
    /// `exited`.
    package var state: String
    /// `starting`, `healthy` or `unhealthy`; nil without a health check.
    package var health: String?
    /// The number of restarts.
    package var restarts: Int
    /// Its last exit code.
    package var exitCode: Int?
    /// What the exit of the service means to the pod; nil where no service has a role.
    package var role: String?

    /// A description of a service's container.
    package init(
      name: String, container: String?, state: String, health: String?, restarts: Int,
      exitCode: Int?, role: String? = nil
    ) {
      self.name = name
      self.container = container
      self.state = state
      self.health = health
      self.restarts = restarts
      self.exitCode = exitCode
      self.role = role
    }
  }

  /// A published port.
  package struct Port: Codable, Sendable, Equatable {
    /// The service that publishes it.
    package var service: String
    /// The container's port.
    package var container: Int
    /// The host's port.
    package var host: Int
    /// `tcp`, `udp` or `sctp`.
    package var protocolName: String

    private enum CodingKeys: String, CodingKey {
      case service, container, host
      case protocolName = "protocol"
    }

    /// A description of a published port.
    package init(service: String, container: Int, host: Int, protocolName: String) {
      self.service = service
      self.container = container
      self.host = host
      self.protocolName = protocolName
    }
  }

  /// Mesos' framework ID; nil outside Mesos.
  package var framework: String?
  /// Mesos' executor ID.
  package var executor: String?
  /// Mesos' task ID.
  package var task: String
  /// Mesos' container ID.
  package var run: String
  /// The lifecycle state of the pod.
  package var state: State
  /// The condition that the pod waits for, or the reason why it stops; else empty.
  package var message: String
  /// The CPUs of the task; nil without a limit.
  package var cpus: Double?
  /// The memory of the task in bytes; nil without a limit.
  package var memory: Int64?
  /// The sandbox on the host; nil outside Mesos.
  package var sandbox: String?
  /// The containers of the services.
  package var services: [Service]
  /// The published ports.
  package var ports: [Port]

  /// A status.
  package init(
    task: String, run: String, state: State, message: String, cpus: Double?, memory: Int64?,
    sandbox: String?, services: [Service], ports: [Port], framework: String? = nil,
    executor: String? = nil
  ) {
    self.framework = framework
    self.executor = executor
    self.task = task
    self.run = run
    self.state = state
    self.message = message
    self.cpus = cpus
    self.memory = memory
    self.sandbox = sandbox
    self.services = services
    self.ports = ports
  }
}
