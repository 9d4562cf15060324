import DockerEngine
import PodControl

/// The report that a sandbox gets after a pod has stopped: `pod-report.json` and `pod-report.txt`
/// (docs/pods.md, "Reports").
public struct SandboxReport: Sendable {
  /// The version of the schema. It changes when an existing key is removed or changes its meaning.
  public static let version = 1

  /// The program that writes the report.
  public enum Writer: String, Sendable { case executor, reaper }

  /// The pod's outcome.
  public struct Outcome: Sendable {
    /// `finished`, `failed`, `killed`, or `crashed` if its executor died.
    public var state: String
    /// `completed`, `failure`, `launch`, `memory`, `kill` or `crash`.
    public var cause: String
    /// The message of the terminal update.
    public var message: String
    /// The exit code of the service that determined the outcome; nil if none did.
    public var exitCode: Int?
    /// The service that determined the outcome.
    public var decidedBy: String?
    /// The failures of optional and final services.
    public var optionalFailures: [String] = []
    /// Descriptions of objects that could not be removed.
    public var notRemoved: [String] = []

    /// Creates an outcome.
    public init(state: String, cause: String, message: String) {
      (self.state, self.cause, self.message) = (state, cause, message)
    }
  }

  /// A phase of the pod's life.
  public struct Phase: Sendable {
    /// `launch`, `pull`, `create`, `start`, `healthy`, `run`, `stop` or `remove`.
    public var name: String
    /// The start in RFC 3339.
    public var started: String
    /// The completion in RFC 3339; nil if it wasn't completed.
    public var ended: String?

    /// Creates a phase.
    public init(_ name: String, started: String, ended: String?) {
      (self.name, self.started, self.ended) = (name, started, ended)
    }
  }

  /// A service of the plan.
  public struct Service: Sendable {
    /// Its name.
    public var name: String
    /// `main`, `sidecar`, `optional`, `init` or `final`.
    public var role: String
    /// The number of its containers.
    public var containers: Int
    /// The image in the file.
    public var image: String?
    /// Its restart policy.
    public var restart: String
    /// The services on which it depends, each with the condition.
    public var dependencies: [(service: String, condition: String)]
    /// Its position in the start order, from 0; services with the same position start together.
    public var order: Int

    /// Creates a service.
    public init(
      name: String, role: String, containers: Int, image: String?, restart: String,
      dependencies: [(service: String, condition: String)], order: Int
    ) {
      (self.name, self.role, self.containers, self.image) = (name, role, containers, image)
      (self.restart, self.dependencies, self.order) = (restart, dependencies, order)
    }
  }

  /// A run of a health check.
  public struct HealthCheck: Sendable {
    /// The start time, as the engine reports it.
    public var started: String
    /// The exit code.
    public var exitCode: Int
    /// The beginning of its output.
    public var output: String
  }

  /// A container after the pod has stopped.
  public struct Container: Sendable {
    /// The service, with the suffix `-N` if it has several containers.
    public var name: String
    /// Its purpose: `service`, `hook`, `infra`, `secrets`.
    public var kind: String
    /// The service's role.
    public var role: String?
    /// The engine's ID; nil if it was never created.
    public var id: String?
    /// The executor's name of its state.
    public var state: String
    /// Its last exit code.
    public var exitCode: Int?
    /// The number of restarts.
    public var restarts: Int?
    /// The highest observed memory use in bytes.
    public var peakMemory: Int64?
    /// Processor time in seconds, up to the last observation.
    public var cpuSeconds: Double?
    /// The last lines of its output.
    public var lastOutput: [String] = []
    /// The engine's unchanged description; nil if it wasn't available.
    public var inspection: EngineValue?

    /// Creates a container.
    public init(name: String, kind: String, role: String?, id: String?, state: String) {
      (self.name, self.kind, self.role, self.id, self.state) = (name, kind, role, id, state)
    }
  }

  /// An image from which containers were created.
  public struct Image: Sendable {
    /// The engine's ID.
    public var id: String
    /// Its names with tags.
    public var names: [String]
    /// Its names with digests.
    public var digests: [String]

    /// Creates an image.
    public init(id: String, names: [String], digests: [String]) {
      (self.id, self.names, self.digests) = (id, names, digests)
    }
  }

  /// A published port.
  public typealias Port = PodStatus.Port

  /// The program that writes the report.
  public var writer: Writer
  /// The program's version.
  public var program: String
  /// The time of writing in RFC 3339.
  public var time: String
  /// Mesos' task ID.
  public var task: String
  /// Mesos' executor ID.
  public var executor: String
  /// Mesos' framework ID; empty outside Mesos.
  public var framework: String
  /// Mesos' agent ID; empty outside Mesos.
  public var agent: String
  /// Mesos' container ID.
  public var run: String
  /// The Compose project.
  public var project: String
  /// The pod's outcome.
  public var outcome: Outcome
  /// The Compose files.
  public var files: [String] = []
  /// The phases of its life in order.
  public var phases: [Phase] = []
  /// The services in the order of the file.
  public var services: [Service] = []
  /// Networks created for it.
  public var networks: [String] = []
  /// Volumes created for it.
  public var volumes: [String] = []
  /// Published ports.
  public var ports: [Port] = []
  /// Its containers.
  public var containers: [Container] = []
  /// Their images.
  public var images: [Image] = []
  /// The highest memory use of the whole pod in bytes, if its cgroup counts it.
  public var peakMemory: Int64?
  /// Processor time of the whole pod in seconds, if its cgroup counts it.
  public var cpuSeconds: Double?
  /// The end of the time for which its containers are kept; nil if they aren't kept.
  public var keptUntil: String?
  /// Its last events, oldest first.
  public var events: [PodEvent] = []

  /// Creates a report of a pod.
  public init(
    writer: Writer, program: String, time: String, task: String, executor: String,
    framework: String, agent: String, run: String, project: String, outcome: Outcome
  ) {
    (self.writer, self.program, self.time) = (writer, program, time)
    (self.task, self.executor, self.framework) = (task, executor, framework)
    (self.agent, self.run, self.project, self.outcome) = (agent, run, project, outcome)
  }
}
