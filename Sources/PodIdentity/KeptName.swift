/// The name of a container that is kept after its pod's failure: `kept-ID-TIME-NAME`.
///
/// The name is the decision to keep it: the engine stores it, so it outlives the executor, pod-reaper, the engine and the
/// host's boot. The first twelve digits of the container's own ID are in it. Nobody knows them before the container is
/// created, so no Compose file can name a container that way.
public struct KeptName: Sendable, Equatable {
  /// Until when the container is kept, in seconds since 1970.
  public let until: Int64
  /// The name that it had before.
  public let name: String

  private static let prefix = "kept-"

  /// Names a container that is to be kept.
  ///
  /// - Parameters:
  ///   - name: the name that it has.
  ///   - until: until when it is kept, in seconds since 1970.
  public init(_ name: String, until: Int64) {
    self.name = name
    self.until = until
  }

  /// Reads a container's name; nil for that of a container that isn't kept.
  ///
  /// - Parameters:
  ///   - text: the name, without a slash.
  ///   - id: the container's ID.
  public init?(_ text: String, of id: String) {
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
  public func text(of id: String) -> String { "\(Self.prefix)\(id.prefix(12))-\(until)-\(name)" }
}

extension PodLabel {
  /// How long the containers of a failed pod may be kept, at most, in seconds: a week.
  public static let longestKeep: Int64 = 604_800

  /// How long a pod's containers are kept after a failure.
  ///
  /// - Parameter labels: a container's.
  /// - Returns: seconds, of a week at most; 0 for not at all.
  public static func keepFailed(_ labels: [String: String]) -> Int64 {
    labels[keepFailed].flatMap { Int64($0) }.map { min(max(0, $0), longestKeep) } ?? 0
  }
}
