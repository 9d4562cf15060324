import OrderedCollections
import YAML

/// All that is wrong with a project's files, where a load doesn't end with the first fault.
final class FaultCollector {
  /// The faults in the order in which they were found, each once.
  private(set) var faults: [ComposeError] = []
  private var descriptions: Set<String> = []
  /// More faults than these are not collected.
  static let most = 1000

  /// Whether there are so many faults that the load ends.
  var isFull: Bool { faults.count >= Self.most }

  /// What ends the load then.
  static let tooMany = ComposeError("more than \(most) faults; the rest isn't checked", at: nil)
  /// Where values are that have faults already: what else is wrong with them follows from that.
  private var broken: Set<SourcePosition> = []
  /// The same of keys of services and resources: the first of them is where the mapping that holds it is.
  private var brokenKeys: Set<SourcePosition> = []

  /// Adds a fault.
  func add(_ fault: ComposeError) {
    if isFull { return }
    if descriptions.insert(fault.description).inserted { faults.append(fault) }
  }

  /// Throws once there are too many faults.
  func checkRoom() throws(ComposeError) { if isFull { throw Self.tooMany } }

  /// Marks a value that has faults.
  func markBroken(_ position: SourcePosition) { broken.insert(position) }

  /// Marks the key of something in which there are faults.
  func markBroken(key position: SourcePosition) { brokenKeys.insert(position) }

  /// True for a value that has faults.
  func isBroken(_ position: SourcePosition) -> Bool { broken.contains(position) }

  /// True for the key of something in which there are faults.
  func isBroken(key position: SourcePosition) -> Bool { brokenKeys.contains(position) }
}

extension FaultCollector? {
  /// Adds a fault where faults are collected; throws it where the first one ends the load.
  func report(_ fault: ComposeError) throws(ComposeError) {
    guard let self else { throw fault }
    try self.checkRoom()
    self.add(fault)
  }

  /// Does something; its fault is collected, or thrown.
  func attempt(_ body: () throws(ComposeError) -> Void) throws(ComposeError) {
    do {
      try body()
    } catch {
      try report(error)
    }
  }

  /// Whether there are faults already in what a key names.
  func isBroken(key position: SourcePosition) -> Bool { self?.isBroken(key: position) ?? false }

  /// What becomes of a value. Where that fails and faults are collected, the value stays as it is, and each item of a list is
  /// tried alone, so that the faults of all of them are found.
  ///
  /// - Parameters:
  ///   - node: the value.
  ///   - splitsMappings: true where entries of a mapping are tried alone as well.
  ///   - body: makes the new value.
  /// - Returns: the new value, or the old one.
  /// - Throws: the fault, where faults aren't collected.
  func value(
    of node: YAMLNode, splitsMappings: Bool = false,
    _ body: (YAMLNode) throws(ComposeError) -> YAMLNode
  ) throws(ComposeError) -> YAMLNode {
    guard let self else { return try body(node) }
    try self.checkRoom()
    if self.isBroken(node.position) { return node }
    let known = self.faults.count
    do throws(ComposeError) {
      return try body(node)
    } catch {
      if self.faults.count == known {
        let all = parts(of: node, splitsMappings)
        let sound = all.filter { !self.isBroken($0.position) }
        for part in sound where all.count > 1 && !self.isFull {
          do throws(ComposeError) { _ = try body(part.whole) } catch { self.add(error) }
        }
        if self.faults.count == known, sound.count == all.count { self.add(error) }
      }
      self.markBroken(node.position)
      return node
    }
  }

  /// The items of a list, or the entries of a mapping: where each is, and a list or mapping of it alone.
  private func parts(
    of node: YAMLNode, _ splitsMappings: Bool
  ) -> [(position: SourcePosition, whole: YAMLNode)] {
    if let items = node.sequence {
      return items.map { ($0.position, YAMLNode(.sequence([$0]), at: node.position)) }
    }
    guard splitsMappings, let entries = node.mapping else { return [] }
    return entries.map { key, entry in
      (entry.value.position, YAMLNode(.mapping([key: entry]), at: node.position))
    }
  }
}
