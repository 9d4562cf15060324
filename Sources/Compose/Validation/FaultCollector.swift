import OrderedCollections
import YAML

/// Collects the errors of a project's files, for a load that continues after the first error.
final class FaultCollector {
  /// The errors in the order in which they were found, each once.
  private(set) var faults: [DiagnosticError] = []
  private var descriptions: Set<String> = []
  /// The maximum number of collected errors.
  static let most = 1000

  /// True if loading stops because there are more errors than the maximum.
  private(set) var isFull = false

  /// The error that stops loading then.
  static let tooMany = DiagnosticError("more than \(most) faults; the rest isn't checked", at: nil)
  /// The positions of values with errors; further errors of these values would be consequences.
  private var broken: Set<SourcePosition> = []
  /// The positions of keys of services and resources with errors. They are kept separately, because
  /// the first key of a mapping has the mapping's position.
  private var brokenKeys: Set<SourcePosition> = []

  /// Adds an error. One more than the maximum is dropped.
  func add(_ fault: DiagnosticError) {
    if isFull || !descriptions.insert(fault.description).inserted { return }
    if faults.count < Self.most { faults.append(fault) } else { isFull = true }
  }

  /// Throws if there are more errors than the maximum.
  func checkRoom() throws(DiagnosticError) { if isFull { throw Self.tooMany } }

  /// Marks a value that has errors.
  func markBroken(_ position: SourcePosition) { broken.insert(position) }

  /// Marks the key of a service or resource that has errors.
  func markBroken(key position: SourcePosition) { brokenKeys.insert(position) }

  /// True for a value that has errors.
  func isBroken(_ position: SourcePosition) -> Bool { broken.contains(position) }

  /// True for the key of a service or resource that has errors.
  func isBroken(key position: SourcePosition) -> Bool { brokenKeys.contains(position) }
}

extension FaultCollector? {
  /// Adds an error to the collector; throws it without a collector.
  func report(_ fault: DiagnosticError) throws(DiagnosticError) {
    guard let self else { throw fault }
    try self.checkRoom()
    self.add(fault)
  }

  /// Runs the body; its error is collected, or thrown without a collector.
  func attempt(_ body: () throws(DiagnosticError) -> Void) throws(DiagnosticError) {
    do {
      try body()
    } catch {
      try report(error)
    }
  }

  /// True if the value of the key already has errors.
  func isBroken(key position: SourcePosition) -> Bool { self?.isBroken(key: position) ?? false }

  /// Converts a value. If that fails and errors are collected, the value is returned unchanged, and
  /// each item of a list is converted separately to find the errors of all items.
  ///
  /// - Parameters:
  ///   - node: The value.
  ///   - splitsMappings: True to convert entries of a mapping separately as well.
  ///   - body: The conversion.
  /// - Returns: The converted value, or the unchanged one.
  /// - Throws: The error, without a collector; with one, only an error at the maximum.
  func value(
    of node: YAMLNode, splitsMappings: Bool = false,
    _ body: (YAMLNode) throws(DiagnosticError) -> YAMLNode
  ) throws(DiagnosticError) -> YAMLNode {
    guard let self else { return try body(node) }
    try self.checkRoom()
    if self.isBroken(node.position) { return node }
    let known = self.faults.count
    do throws(DiagnosticError) {
      return try body(node)
    } catch {
      if self.faults.count == known {
        let all = parts(of: node, splitsMappings)
        let sound = all.filter { !self.isBroken($0.position) }
        for part in sound where all.count > 1 && !self.isFull {
          do throws(DiagnosticError) { _ = try body(part.whole) } catch { self.add(error) }
        }
        if self.faults.count == known, sound.count == all.count { self.add(error) }
      }
      self.markBroken(node.position)
      return node
    }
  }

  /// The items of a list or the entries of a mapping: each with its position and a list or mapping
  /// that contains it alone.
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
