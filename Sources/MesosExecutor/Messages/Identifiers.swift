/// An ID, in JSON `{"value": "…"}` (mesos/v1/mesos.proto). `Kind` makes IDs of different kinds
/// different types.
public struct MesosID<Kind>: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The text of the ID.
  public let value: String

  /// An ID.
  public init(_ value: String) {
    self.value = value
  }

  private enum CodingKeys: CodingKey { case value }

  /// The text of the ID.
  public var description: String { value }
}

extension MesosID: ExpressibleByStringLiteral {
  /// An ID from a string literal.
  public init(stringLiteral value: String) {
    self.init(value)
  }
}

/// The kind of a task's ID.
public enum TaskKind {}
/// The kind of an executor's ID.
public enum ExecutorKind {}
/// The kind of a framework's ID.
public enum FrameworkKind {}
/// The kind of an agent's ID.
public enum AgentKind {}
/// The kind of a container's ID (a run).
public enum ContainerKind {}

/// mesos.v1.TaskID: assigned by the framework, unique among its live tasks.
public typealias TaskID = MesosID<TaskKind>
/// mesos.v1.ExecutorID: assigned by the framework; can be reused.
public typealias ExecutorID = MesosID<ExecutorKind>
/// mesos.v1.FrameworkID: assigned by the master.
public typealias FrameworkID = MesosID<FrameworkKind>
/// mesos.v1.AgentID: assigned by the master.
public typealias AgentID = MesosID<AgentKind>
/// mesos.v1.ContainerID: the run, which is one launch of an executor.
public typealias ContainerID = MesosID<ContainerKind>
