/// The owner of a pod's slice or cgroup, recorded in the slice's description or in an attribute of
/// the cgroup. Both may outlive the pod's last object, and are then the only record.
package struct PodOwner: Sendable, Equatable, CustomStringConvertible {
  /// The executor's process.
  package let incarnation: Incarnation

  /// Creates an owner from a process.
  package init(_ incarnation: Incarnation) { self.incarnation = incarnation }

  /// Parses a description; nil for any other text.
  package init?(description: String) {
    let words = description.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 7, words[0] == "compose-executor", words[1] == "pod:",
      words[2] == "process", words[4] == "started", let pid = Int32(words[3]), pid > 0,
      let start = UInt64(words[5]), words[6].hasPrefix("boot=")
    else { return nil }
    incarnation = Incarnation(
      bootID: String(words[6].dropFirst(5)), pid: pid, startTime: start)
  }

  /// `compose-executor pod: process 4711 started 123456 boot=…`, with the host's process IDs.
  package var description: String {
    func text<Number>(_ number: Number?) -> String { number.map { "\($0)" } ?? "unknown" }
    return "compose-executor pod: process \(text(incarnation.pid)) started "
      + "\(text(incarnation.startTime)) boot=\(incarnation.bootID ?? "unknown")"
  }
}
