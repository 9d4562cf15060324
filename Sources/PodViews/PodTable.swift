import DockerEngine
import PodControl
import PodIdentity
import PodObjects
import Program

/// The tables of `ps`.
package enum PodTable {
  /// The columns of a table of pods.
  package static let pods: [ViewTable.Column] = [
    .init("task"), .init("framework", rank: 1), .init("state"), .init("services", .right),
    .init("restarts", .right, rank: 2), .init("ports", rank: 3), .init("cpu", .right),
    .init("mem", .right), .init("age", .right, rank: 4), .init("executor", isExtra: true),
    .init("run", isExtra: true), .init("agent", isExtra: true),
    .init("pid", .right, isExtra: true), .init("message", isExtra: true),
  ]

  /// The columns of a table of one pod's services.
  package static let services: [ViewTable.Column] = [
    .init("service"), .init("container", rank: 1), .init("role", rank: 5, needsContent: true),
    .init("state"), .init("health"),
    .init("restarts", .right, rank: 2), .init("exit", .right), .init("ports", rank: 3),
    .init("cpu", .right), .init("mem", .right), .init("age", .right, rank: 4),
    .init("name", isExtra: true),
  ]

  /// A table with one row for each pod.
  ///
  /// - Parameters:
  ///   - views: the pods.
  ///   - now: the current time, in seconds since 1970.
  /// - Returns: the table.
  package static func table(of views: [PodView], now: Int64) -> ViewTable {
    var table = ViewTable(pods)
    for view in views {
      let identity = view.identity
      table.add([
        .init(identity.taskID), .init(identity.frameworkID), cell(of: view.state),
        .init("\(view.up)/\(view.services.count)"), number(view.restarts),
        .init(view.ports.map(\.text).joined(separator: ",")),
        processors(view.processors, view.processorLimit),
        memory(view.figures?.memory, view.memoryLimit), age(since: view.created, now),
        .init(identity.executorID), .init(identity.run), .init(identity.agentID),
        number(identity.incarnation.pid.map(Int.init)), .init(view.message),
      ])
    }
    return table
  }

  /// A table with one row for each container of a pod's services.
  ///
  /// - Parameters:
  ///   - view: the pod.
  ///   - now: the current time, in seconds since 1970.
  /// - Returns: the table.
  package static func table(of view: PodView, now: Int64) -> ViewTable {
    var table = ViewTable(services)
    for service in view.services {
      let created = service.container?.summary.created ?? 0
      table.add([
        .init(service.name), .init(String((service.id ?? "").prefix(12))),
        .init(service.reported?.role ?? "-"),
        .init(service.state, color(ofState: service)), health(service.health),
        number(service.reported?.restarts), number(service.exitCode),
        .init(service.ports.sorted().map(\.text).joined(separator: ",")),
        processors(service.processors, service.figures?.quota),
        memory(service.figures?.memory, service.figures?.memoryLimit),
        age(since: created > 0 ? created : nil, now),
        .init(service.container?.summary.name ?? ""),
      ])
    }
    return table
  }

  private static func cell(of state: PodState) -> TextTable.Cell {
    let color: Terminal.Color =
      switch state {
      case .running: .green
      case .launching, .stopping, .kept: .yellow
      case .unhealthy, .orphaned: .red
      case .unknown: .gray
      }
    return .init(state.rawValue, color)
  }

  private static func color(ofState service: ServiceView) -> Terminal.Color? {
    if service.state == "paused" { return .yellow }
    if service.isUp { return .green }
    return service.exitCode ?? 0 == 0 ? nil : .red
  }

  private static func health(_ health: String?) -> TextTable.Cell {
    let colors: [String: Terminal.Color] = [
      "healthy": .green, "unhealthy": .red, "starting": .yellow,
    ]
    return health.map { .init($0, colors[$0]) } ?? "-"
  }

  private static func number(_ number: Int?) -> TextTable.Cell {
    number.map { .init("\($0)") } ?? "-"
  }

  /// The used CPUs and their limit; `-` for an unknown value or no limit.
  static func processors(_ used: Double?, _ limit: Double?) -> TextTable.Cell {
    pair(used.map(Amount.processors), limit.map(Amount.limit))
  }

  /// The used memory and its limit; `-` for an unknown value or no limit.
  static func memory(_ used: Int64?, _ limit: Int64?) -> TextTable.Cell {
    pair(used.map(Amount.bytes), limit.map(Amount.bytes))
  }

  private static func pair(_ used: String?, _ limit: String?) -> TextTable.Cell {
    used == nil && limit == nil ? "-" : .init("\(used ?? "-")/\(limit ?? "-")")
  }

  private static func age(since created: Int64?, _ now: Int64) -> TextTable.Cell {
    created.map { .init(Amount.age(now - $0)) } ?? "-"
  }
}
