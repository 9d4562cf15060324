/// A version of the Engine API, such as 1.41.
public struct APIVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The part before the dot.
  public let major: Int
  /// The part after the dot.
  public let minor: Int

  /// A version.
  public init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Reads `1.41`; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
    self.init(major, minor)
  }

  /// The newest version that this client knows.
  public static let newest = APIVersion(1, 51)
  /// The oldest version that this client can use (Docker 19.03).
  public static let oldest = APIVersion(1, 40)

  /// As numbers, part by part.
  public static func < (left: APIVersion, right: APIVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }

  /// `1.41`.
  public var description: String { "\(major).\(minor)" }
}

/// What an engine answers to a ping (Engine API, "SystemPing").
public struct EnginePing: Sendable, Equatable {
  /// The newest API that the engine speaks.
  public let engineAPIVersion: APIVersion
  /// The API that is used with it: the newest that both know.
  public let apiVersion: APIVersion
  /// `linux` or `windows`; empty if the engine doesn't say.
  public let osType: String
  /// What the engine calls itself, such as `Docker/20.10.24 (linux)`; empty if it doesn't say.
  public let server: String
  /// The engine's clock as the answer's `Date` field says it; empty if it doesn't say.
  public let date: String
}
