/// How the stand-in agent behaves; the defaults are those of a Mesos agent.
///
/// The times follow src/slave/constants.hpp, the rest src/slave/flags.cpp.
public struct AgentOptions: Sendable {
  /// The release that is played.
  public var version = MesosVersion.latest
  /// The agent's ID; its sandboxes lie below it.
  public var agentID = "5d1b7a4e-6a58-4cf9-b1f7-4a0e6f3f6c3a-S0"
  /// The framework's ID.
  public var frameworkID = "5d1b7a4e-6a58-4cf9-b1f7-4a0e6f3f6c3a-0001"
  /// What SUBSCRIBED says in place of the run; no agent does that.
  public var subscribedRun: String?
  /// The framework's name.
  public var frameworkName = "stand-in"
  /// The framework's capabilities, as `FrameworkInfo.Capability.Type` names them.
  public var capabilities: Set<String> = ["TASK_KILLING_STATE"]
  /// `FrameworkInfo.checkpoint`: whether executors outlive the agent.
  public var checkpoint = true
  /// `--executor_reregistration_timeout`, also the executor's MESOS_SUBSCRIPTION_BACKOFF_MAX.
  public var executorReregistrationTimeout = Duration.seconds(2)
  /// `--executor_registration_timeout`
  public var executorRegistrationTimeout = Duration.seconds(60)
  /// `--executor_shutdown_grace_period`
  public var executorShutdownGracePeriod = Duration.seconds(5)
  /// `--recovery_timeout`
  public var recoveryTimeout = Duration.seconds(900)
  /// Between two HEARTBEAT events (`DEFAULT_EXECUTOR_HEARTBEAT_INTERVAL`); agents before 1.8 send none.
  public var heartbeatInterval = Duration.seconds(1800)
  /// How long a restarted agent takes connections without having its routes: 404.
  public var routelessTime = Duration.milliseconds(50)
  /// How long it then recovers its state: 503 to everything.
  public var recoveryTime = Duration.milliseconds(100)
  /// Whether a restarted agent goes on by itself after those times and the reregistration timeout; else
  /// ``AgentStandIn/advance()`` does it.
  public var advancesByItself = true
  /// The folder of sandboxes and of the agent's own checkpoints (`--work_dir`); must exist.
  public var workDirectory: String
  /// `--port`, on 127.0.0.1; 0 for any that is free.
  public var port: UInt16 = 0
  /// A unix domain socket that executors are told of (`--domain_socket_location`); nil for none.
  public var domainSocket: String?
  /// Whether executors get a bearer token that calls must bear (`--authenticate_http_executors`).
  public var authenticatesExecutors = false
  /// What goes wrong on connections.
  public var faults = Faults.none
  /// Whether the framework's acknowledgement of a terminal update makes the agent forget the task at once, as
  /// `Slave::_statusUpdateAcknowledgement` does. An executor that then repeats that update gets no
  /// acknowledgement ever, since the agent finds no executor for it (`Slave::___statusUpdate`).
  public var forgetsCompletedTasks = false

  /// Defaults, and a folder to work in.
  public init(workDirectory: String) { self.workDirectory = workDirectory }

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

  /// TASK_GONE where the framework is PARTITION_AWARE, else `lost`, as all of slave.cpp has it.
  func lost(or state: String) -> String {
    capabilities.contains("PARTITION_AWARE") ? state : "TASK_LOST"
  }
}

/// What the agent does about an update's acknowledgement.
public enum Acknowledgement: Sendable {
  /// It is sent at once.
  case prompt
  /// It is sent after so long.
  case delayed(Duration)
  /// It is kept until ``AgentStandIn/releaseAcknowledgements()``.
  case withheld
  /// It is lost on its way: the agent takes it for sent.
  case dropped
}
