import MesosExecutor

/// The ports that a task was offered, in the order in which its services get them.
enum OfferedPorts {
  /// The order is that of PORTS in the environment if all its ports are offered (Marathon's order),
  /// else that of the task's discovery ports if all of them are offered, else that of the ranges of
  /// all `ports` resources. The ports are never sorted, because Marathon picks them at random.
  ///
  /// - Parameters:
  ///   - task: the task.
  ///   - environment: the variables of the task and the executor.
  /// - Returns: the ports; nil where the task has no ports resource.
  static func offered(to task: TaskInfo, environment: [String: String]) -> [UInt16]? {
    let resources = task.resources.filter { $0.name == "ports" }
    if resources.isEmpty { return nil }
    // The range of a hostile or faulty task can have any size, so it is limited to the ports of a
    // host.
    var all: Set<UInt16> = []
    var ranges: [UInt16] = []
    for range in resources.flatMap(\.ranges) where range.overlaps(1...65_535) {
      for port in range.clamped(to: 1...65_535).map(UInt16.init) where all.insert(port).inserted {
        ranges.append(port)
      }
      if all.count == 65_535 { break }
    }
    let named = (environment["PORTS"] ?? "").split(separator: ",")
      .map { UInt16($0.filter { $0 != " " }) }
    if let ports = complete(named, within: all) { return ports }
    let discovered = (task.discovery?.ports ?? []).map { UInt16(exactly: $0.number) }
    if let ports = complete(discovered, within: all) { return ports }
    return ranges
  }

  /// The ports, if all of them are offered and none appears twice; nil where there are none.
  private static func complete(_ ports: [UInt16?], within offered: Set<UInt16>) -> [UInt16]? {
    let known = ports.compactMap { $0 }
    guard !known.isEmpty, known.count == ports.count, Set(known).count == known.count,
      offered.isSuperset(of: known)
    else { return nil }
    return known
  }
}
