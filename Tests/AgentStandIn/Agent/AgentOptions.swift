/// The behavior of the stand-in agent. The defaults are those of a Mesos agent, except for the
/// reregistration timeout.
///
/// The times follow src/slave/constants.hpp, the other values src/slave/flags.cpp.
package struct AgentOptions: Sendable {
  /// The Mesos release that the stand-in imitates.
  package var version = MesosVersion.latest
  /// The agent's ID. It is a part of the sandboxes' paths.
  package var agentID = "5d1b7a4e-6a58-4cf9-b1f7-4a0e6f3f6c3a-S0"
  /// The framework's ID.
  package var frameworkID = "5d1b7a4e-6a58-4cf9-b1f7-4a0e6f3f6c3a-0001"
  /// The `container_id` in SUBSCRIBED, in place of the real one. No agent does that.
  package var subscribedRun: String?
  /// The framework's name.
  package var frameworkName = "stand-in"
  /// The framework's capabilities, with the names of `FrameworkInfo.Capability.Type`.
  package var capabilities: Set<String> = ["TASK_KILLING_STATE"]
  /// `FrameworkInfo.checkpoint`: whether executors outlive the agent.
  package var checkpoint = true
  /// `--executor_reregistration_timeout`. A Mesos agent has 2 s, which a stall of the machine
  /// exceeds. The stand-in ends its recovery after that time if every executor has subscribed.
  package var executorReregistrationTimeout = Duration.seconds(60)
  /// The executor's MESOS_SUBSCRIPTION_BACKOFF_MAX, for which an agent uses its reregistration
  /// timeout.
  package var subscriptionBackoffMaximum = Duration.seconds(2)
  /// `--executor_registration_timeout`
  package var executorRegistrationTimeout = Duration.seconds(60)
  /// `--executor_shutdown_grace_period`. The stand-in kills an executor 60 s after it, unless it
  /// is 0.
  package var executorShutdownGracePeriod = Duration.seconds(5)
  /// `--recovery_timeout`
  package var recoveryTimeout = Duration.seconds(900)
  /// The time between two HEARTBEAT events (`DEFAULT_EXECUTOR_HEARTBEAT_INTERVAL`). Agents before
  /// 1.8 send none.
  package var heartbeatInterval = Duration.seconds(1800)
  /// How long a restarted agent accepts connections without routes and responds with 404.
  package var routelessTime = Duration.milliseconds(50)
  /// How long the agent then recovers its state and responds with 503 to every request.
  package var recoveryTime = Duration.milliseconds(100)
  /// Whether a restarted agent continues after those times and the reregistration timeout. If
  /// false, ``AgentStandIn/advance()`` continues it.
  package var advancesByItself = true
  /// The existing directory of the sandboxes and of the agent's checkpoints (`--work_dir`).
  package var workDirectory: String
  /// `--port`, on 127.0.0.1. 0 is any free port.
  package var port: UInt16 = 0
  /// A Unix domain socket whose path executors get (`--domain_socket_location`). Nil for none.
  package var domainSocket: String?
  /// Whether executors get a bearer token that calls must contain
  /// (`--authenticate_http_executors`).
  package var authenticatesExecutors = false
  /// The faults of connections.
  package var faults = Faults.none
  /// Whether the agent forgets a task at once when the framework acknowledges its terminal update,
  /// as `Slave::_statusUpdateAcknowledgement` does. An executor that then repeats the update never
  /// gets an acknowledgement, since the agent finds no executor for it (`Slave::___statusUpdate`).
  package var forgetsCompletedTasks = false

  /// Creates default options with a work directory.
  package init(workDirectory: String) { self.workDirectory = workDirectory }

  var frameworkInfo: JSON {
    [
      "id": .id(frameworkID), "user": "root", "name": .string(frameworkName),
      "checkpoint": .bool(checkpoint), "roles": ["*"], "failover_timeout": 604800.0,
      "capabilities": .array(capabilities.sorted().map { ["type": .string($0)] }),
    ]
  }

  func agentInfo(port: UInt16) -> JSON {
    [
      "id": .id(agentID), "hostname": "localhost", "port": .integer(Int64(port)),
      "resources": [
        ["name": "cpus", "type": "SCALAR", "scalar": ["value": 2.0], "role": "*"],
        ["name": "mem", "type": "SCALAR", "scalar": ["value": 4096.0], "role": "*"],
        [
          "name": "ports", "type": "RANGES", "role": "*",
          "ranges": ["range": [["begin": 31000, "end": 32000]]],
        ],
      ],
    ]
  }

  /// `state` if the framework is PARTITION_AWARE, otherwise TASK_LOST, as throughout slave.cpp.
  func lost(or state: String) -> String {
    capabilities.contains("PARTITION_AWARE") ? state : "TASK_LOST"
  }
}

/// The agent's handling of an update's acknowledgement.
package enum Acknowledgement: Sendable {
  /// The agent sends it at once.
  case prompt
  /// The agent sends it after this time.
  case delayed(Duration)
  /// The agent keeps it until ``AgentStandIn/releaseAcknowledgements()``.
  case withheld
  /// The acknowledgement is lost, but the agent considers it sent.
  case dropped
}
