/// An ID as Mesos writes it in JSON: `{"value": "…"}` (mesos/v1/mesos.proto). `Kind` keeps one sort of ID from being
/// taken for another.
public struct MesosID<Kind>: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The ID itself.
  public let value: String

  /// An ID.
  public init(_ value: String) {
    self.value = value
  }

  private enum CodingKeys: CodingKey { case value }

  /// The ID itself.
  public var description: String { value }
}

extension MesosID: ExpressibleByStringLiteral {
  /// An ID that is known while compiling.
  public init(stringLiteral value: String) {
    self.init(value)
  }
}

/// Marks the ID of a task.
public enum TaskKind {}
/// Marks the ID of an executor.
public enum ExecutorKind {}
/// Marks the ID of a framework.
public enum FrameworkKind {}
/// Marks the ID of an agent.
public enum AgentKind {}
/// Marks the ID of a container: a run.
public enum ContainerKind {}

/// mesos.v1.TaskID: chosen by the framework, unique among its live tasks.
public typealias TaskID = MesosID<TaskKind>
/// mesos.v1.ExecutorID: chosen by the framework; can be used again.
public typealias ExecutorID = MesosID<ExecutorKind>
/// mesos.v1.FrameworkID: given by the master.
public typealias FrameworkID = MesosID<FrameworkKind>
/// mesos.v1.AgentID: given by the master.
public typealias AgentID = MesosID<AgentKind>
/// mesos.v1.ContainerID: the run, one launch of an executor.
public typealias ContainerID = MesosID<ContainerKind>
