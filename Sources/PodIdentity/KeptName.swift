/// The name of a container that is kept after its pod's failure: `kept-ID-TIME-NAME`.
///
/// The name is the record that the container is kept. The engine stores it, so it survives the
/// executor, pod-reaper, the engine and a reboot. It includes the first twelve digits of the
/// container's own ID, which is unknown until the container is created, so no Compose file can
/// request such a name.
package struct KeptName: Sendable, Equatable {
  /// The end of the time for which the container is kept, in seconds since 1970.
  package let until: Int64
  /// The container's previous name.
  package let name: String

  private static let prefix = "kept-"

  /// Creates the name of a container to keep.
  ///
  /// - Parameters:
  ///   - name: the container's current name.
  ///   - until: the end of the time for which it is kept, in seconds since 1970.
  package init(_ name: String, until: Int64) {
    self.name = name
    self.until = until
  }

  /// Parses a container's name; nil if the container isn't kept.
  ///
  /// - Parameters:
  ///   - text: the name, without a slash.
  ///   - id: the container's ID.
  package init?(_ text: String, of id: String) {
    let head = Self.prefix + id.prefix(12) + "-"
    guard id.utf8.count >= 12, text.hasPrefix(head) else { return nil }
    let rest = text.dropFirst(head.count)
    let digits = rest.prefix { $0 != "-" }
    guard let until = Int64(digits), until > 0, until < 1 << 38 else { return nil }
    self.until = until
    name = String(rest.dropFirst(digits.count + 1))
  }

  /// The name.
  ///
  /// - Parameter id: the container's ID.
  /// - Returns: such as `kept-0123456789ab-1767225600-web.1_db`.
  package func text(of id: String) -> String { "\(Self.prefix)\(id.prefix(12))-\(until)-\(name)" }
}

extension PodLabel {
  /// The longest time for which the containers of a failed pod may be kept, in seconds: a week.
  package static let longestKeep: Int64 = 604_800

  /// How long a pod's containers are kept after a failure.
  ///
  /// - Parameter labels: a container's labels.
  /// - Returns: seconds, at most a week; 0 if they aren't kept.
  package static func keepFailed(_ labels: [String: String]) -> Int64 {
    labels[keepFailed].flatMap { Int64($0) }.map { min(max(0, $0), longestKeep) } ?? 0
  }
}
