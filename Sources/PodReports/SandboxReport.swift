import DockerEngine
import PodControl

/// The report that a sandbox gets after a pod has stopped: `pod-report.json` and `pod-report.txt`
/// (docs/pods.md, "Reports").
package struct SandboxReport: Sendable {
  /// The version of the schema. It changes when an existing key is removed or changes its meaning.
  package static let version = 1

  /// The program that writes the report.
  package enum Writer: String, Sendable { case executor, reaper }

  /// The pod's outcome.
  package struct Outcome: Sendable {
    /// `finished`, `failed`, `killed`, or `crashed` if its executor died.
    package var state: String
    /// `completed`, `failure`, `launch`, `memory`, `kill` or `crash`.
    package var cause: String
    /// The message of the terminal update.
    package var message: String
    /// The exit code of the service that determined the outcome; nil if none did.
    package var exitCode: Int?
    /// The service that determined the outcome.
    package var decidedBy: String?
    /// The failures of optional and final services.
    package var optionalFailures: [String] = []
    /// Descriptions of objects that could not be removed.
    package var notRemoved: [String] = []

    /// Creates an outcome.
    package init(state: String, cause: String, message: String) {
      (self.state, self.cause, self.message) = (state, cause, message)
    }
  }

  /// A phase of the pod's life.
  package struct Phase: Sendable {
    /// `launch`, `pull`, `create`, `start`, `healthy`, `run`, `stop` or `remove`.
    package var name: String
    /// The start in RFC 3339.
    package var started: String
    /// The completion in RFC 3339; nil if it wasn't completed.
    package var ended: String?

    /// Creates a phase.
    package init(_ name: String, started: String, ended: String?) {
      (self.name, self.started, self.ended) = (name, started, ended)
    }
  }

  /// A service of the plan.
  package struct Service: Sendable {
    /// Its name.
    package var name: String
    /// `main`, `sidecar`, `optional`, `init` or `final`.
    package var role: String
    /// The number of its containers.
    package var containers: Int
    /// The image in the file.
    package var image: String?
    /// Its restart policy.
    package var restart: String
    /// The services on which it depends, each with the condition.
    package var dependencies: [(service: String, condition: String)]
    /// Its position in the start order, from 0; services with the same position start together.
    package var order: Int

    /// Creates a service.
    package init(
      name: String, role: String, containers: Int, image: String?, restart: String,
      dependencies: [(service: String, condition: String)], order: Int
    ) {
      (self.name, self.role, self.containers, self.image) = (name, role, containers, image)
      (self.restart, self.dependencies, self.order) = (restart, dependencies, order)
    }
  }

  /// A run of a health check.
  package struct HealthCheck: Sendable {
    /// The start time, as the engine reports it.
    package var started: String
    /// The exit code.
    package var exitCode: Int
    /// The beginning of its output.
    package var output: String
  }

  /// A container after the pod has stopped.
  package struct Container: Sendable {
    /// The service, with the suffix `-N` if it has several containers.
    package var name: String
    /// Its purpose: `service`, `hook`, `infra`, `secrets`.
    package var kind: String
    /// The service's role.
    package var role: String?
    /// The engine's ID; nil if it was never created.
    package var id: String?
    /// The executor's name of its state.
    package var state: String
    /// Its last exit code.
    package var exitCode: Int?
    /// The number of restarts.
    package var restarts: Int?
    /// The highest observed memory use in bytes.
    package var peakMemory: Int64?
    /// Processor time in seconds, up to the last observation.
    package var cpuSeconds: Double?
    /// The last lines of its output.
    package var lastOutput: [String] = []
    /// The engine's unchanged description; nil if it wasn't available.
    package var inspection: EngineValue?

    /// Creates a container.
    package init(name: String, kind: String, role: String?, id: String?, state: String) {
      (self.name, self.kind, self.role, self.id, self.state) = (name, kind, role, id, state)
    }
  }

  /// An image from which containers were created.
  package struct Image: Sendable {
    /// The engine's ID.
    package var id: String
    /// Its names with tags.
    package var names: [String]
    /// Its names with digests.
    package var digests: [String]

    /// Creates an image.
    package init(id: String, names: [String], digests: [String]) {
      (self.id, self.names, self.digests) = (id, names, digests)
    }
  }

  /// A published port.
  package typealias Port = PodStatus.Port

  /// The program that writes the report.
  package var writer: Writer
  /// The program's version.
  package var program: String
  /// The time of writing in RFC 3339.
  package var time: String
  /// Mesos' task ID.
  package var task: String
  /// Mesos' executor ID.
  package var executor: String
  /// Mesos' framework ID; empty outside Mesos.
  package var framework: String
  /// Mesos' agent ID; empty outside Mesos.
  package var agent: String
  /// Mesos' container ID.
  package var run: String
  /// The Compose project.
  package var project: String
  /// The pod's outcome.
  package var outcome: Outcome
  /// The Compose files.
  package var files: [String] = []
  /// The phases of its life in order.
  package var phases: [Phase] = []
  /// The services in the order of the file.
  package var services: [Service] = []
  /// Networks created for it.
  package var networks: [String] = []
  /// Volumes created for it.
  package var volumes: [String] = []
  /// Published ports.
  package var ports: [Port] = []
  /// Its containers.
  package var containers: [Container] = []
  /// Their images.
  package var images: [Image] = []
  /// The highest memory use of the whole pod in bytes, if its cgroup counts it.
  package var peakMemory: Int64?
  /// Processor time of the whole pod in seconds, if its cgroup counts it.
  package var cpuSeconds: Double?
  /// The end of the time for which its containers are kept; nil if they aren't kept.
  package var keptUntil: String?
  /// Its last events, oldest first.
  package var events: [PodEvent] = []

  /// Creates a report of a pod.
  package init(
    writer: Writer, program: String, time: String, task: String, executor: String,
    framework: String, agent: String, run: String, project: String, outcome: Outcome
  ) {
    (self.writer, self.program, self.time) = (writer, program, time)
    (self.task, self.executor, self.framework) = (task, executor, framework)
    (self.agent, self.run, self.project, self.outcome) = (agent, run, project, outcome)
  }
}
