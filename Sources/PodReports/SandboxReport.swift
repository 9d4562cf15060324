import DockerEngine
import PodControl

/// What a sandbox gets at the end of a pod: `pod-report.json` and `pod-report.txt` (docs/pods.md, "Reports").
public struct SandboxReport: Sendable {
  /// The version of the schema. It changes when a key that there was goes, or means something else.
  public static let version = 1

  /// Who writes it.
  public enum Writer: String, Sendable { case executor, reaper }

  /// How the pod ended.
  public struct Outcome: Sendable {
    /// `finished`, `failed`, `killed`, or `crashed` where its executor died.
    public var state: String
    /// `completed`, `failure`, `launch`, `memory`, `kill` or `crash`.
    public var cause: String
    /// The message of the terminal update, for people.
    public var message: String
    /// The exit code of the service that decided; nil where none did.
    public var exitCode: Int?
    /// The service that decided.
    public var decidedBy: String?
    /// What became of optional and final services, where that wasn't what it should be.
    public var optionalFailures: [String] = []
    /// What could not be removed, in words.
    public var notRemoved: [String] = []

    /// Makes an outcome.
    public init(state: String, cause: String, message: String) {
      (self.state, self.cause, self.message) = (state, cause, message)
    }
  }

  /// A part of the pod's life.
  public struct Phase: Sendable {
    /// `launch`, `pull`, `create`, `start`, `healthy`, `run`, `stop` or `remove`.
    public var name: String
    /// When it began, RFC 3339.
    public var started: String
    /// When it was over; nil where it never was.
    public var ended: String?

    /// Makes a phase.
    public init(_ name: String, started: String, ended: String?) {
      (self.name, self.started, self.ended) = (name, started, ended)
    }
  }

  /// A service as it was planned.
  public struct Service: Sendable {
    /// Its name.
    public var name: String
    /// `main`, `sidecar`, `optional`, `init` or `final`.
    public var role: String
    /// How many containers it has.
    public var containers: Int
    /// The image that the file names.
    public var image: String?
    /// Its restart policy.
    public var restart: String
    /// The services that it waits for, each with what it waits for.
    public var dependencies: [(service: String, condition: String)]
    /// Its place in the order of starts, from 0: those of one place start together.
    public var order: Int

    /// Describes a service.
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
    /// When it began, as the engine says.
    public var started: String
    /// How it exited.
    public var exitCode: Int
    /// The start of what it printed.
    public var output: String
  }

  /// A container at the end of the pod.
  public struct Container: Sendable {
    /// The service, with `-N` after it where it has several containers.
    public var name: String
    /// What it is for: `service`, `hook`, `infra`, `secrets`.
    public var kind: String
    /// The service's role.
    public var role: String?
    /// The engine's ID; nil where it was never created.
    public var id: String?
    /// The executor's name for its state.
    public var state: String
    /// Its last exit code.
    public var exitCode: Int?
    /// How often it was started again.
    public var restarts: Int?
    /// The highest use of memory that was seen, in bytes.
    public var peakMemory: Int64?
    /// Processor time in seconds, up to the last look.
    public var cpuSeconds: Double?
    /// The last lines that it wrote.
    public var lastOutput: [String] = []
    /// What the engine says of it, as the engine said it; nil where it couldn't be asked.
    public var inspection: EngineValue?

    /// Describes a container.
    public init(name: String, kind: String, role: String?, id: String?, state: String) {
      (self.name, self.kind, self.role, self.id, self.state) = (name, kind, role, id, state)
    }
  }

  /// An image that containers were made from.
  public struct Image: Sendable {
    /// The engine's ID.
    public var id: String
    /// Its names with tags.
    public var names: [String]
    /// Its names with digests.
    public var digests: [String]

    /// Describes an image.
    public init(id: String, names: [String], digests: [String]) {
      (self.id, self.names, self.digests) = (id, names, digests)
    }
  }

  /// A published port.
  public typealias Port = PodStatus.Port

  /// Who writes it.
  public var writer: Writer
  /// The program's version.
  public var program: String
  /// When it is written, RFC 3339.
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
  /// How the pod ended.
  public var outcome: Outcome
  /// The Compose files.
  public var files: [String] = []
  /// The parts of its life, in their order.
  public var phases: [Phase] = []
  /// The services in the order of the file.
  public var services: [Service] = []
  /// Networks made for it.
  public var networks: [String] = []
  /// Volumes made for it.
  public var volumes: [String] = []
  /// Published ports.
  public var ports: [Port] = []
  /// Its containers.
  public var containers: [Container] = []
  /// Their images.
  public var images: [Image] = []
  /// The highest use of memory of the whole pod in bytes, where its cgroup counts it.
  public var peakMemory: Int64?
  /// Processor time of the whole pod in seconds, where its cgroup counts it.
  public var cpuSeconds: Double?
  /// Until when its containers are kept; nil where they aren't.
  public var keptUntil: String?
  /// Its last events, oldest first.
  public var events: [PodEvent] = []

  /// Begins a report of a pod.
  public init(
    writer: Writer, program: String, time: String, task: String, executor: String,
    framework: String, agent: String, run: String, project: String, outcome: Outcome
  ) {
    (self.writer, self.program, self.time) = (writer, program, time)
    (self.task, self.executor, self.framework) = (task, executor, framework)
    (self.agent, self.run, self.project, self.outcome) = (agent, run, project, outcome)
  }
}
