/// An ID, in JSON `{"value": "…"}` (mesos/v1/mesos.proto). `Kind` makes IDs of different kinds
/// different types.
package struct MesosID<Kind>: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The text of the ID.
  package let value: String

  /// An ID.
  package init(_ value: String) {
    self.value = value
  }

  private enum CodingKeys: CodingKey { case value }

  /// The text of the ID.
  package var description: String { value }
}

extension MesosID: ExpressibleByStringLiteral {
  /// An ID from a string literal.
  package init(stringLiteral value: String) {
    self.init(value)
  }
}

/// The kind of a task's ID.
package enum TaskKind {}
/// The kind of an executor's ID.
package enum ExecutorKind {}
/// The kind of a framework's ID.
package enum FrameworkKind {}
/// The kind of an agent's ID.
package enum AgentKind {}
/// The kind of a container's ID (a run).
package enum ContainerKind {}

/// mesos.v1.TaskID: assigned by the framework, unique among its live tasks.
package typealias TaskID = MesosID<TaskKind>
/// mesos.v1.ExecutorID: assigned by the framework; can be reused.
package typealias ExecutorID = MesosID<ExecutorKind>
/// mesos.v1.FrameworkID: assigned by the master.
package typealias FrameworkID = MesosID<FrameworkKind>
/// mesos.v1.AgentID: assigned by the master.
package typealias AgentID = MesosID<AgentKind>
/// mesos.v1.ContainerID: the run, which is one launch of an executor.
package typealias ContainerID = MesosID<ContainerKind>
