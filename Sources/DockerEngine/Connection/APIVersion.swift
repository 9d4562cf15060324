/// A version of the Engine API, such as 1.41.
package struct APIVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The part before the dot.
  package let major: Int
  /// The part after the dot.
  package let minor: Int

  /// Creates a version from its two parts.
  package init(_ major: Int, _ minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Parses `1.41`. Nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let isNumeric = parts.allSatisfy { $0.utf8.allSatisfy { 48...57 ~= $0 } }
    guard parts.count == 2, isNumeric, let major = Int(parts[0]), let minor = Int(parts[1]) else {
      return nil
    }
    self.init(major, minor)
  }

  /// The newest version that this client supports.
  package static let newest = APIVersion(1, 51)
  /// The oldest version that this client supports.
  package static let oldest = APIVersion(1, 25)

  /// The newest version to use: `DOCKER_API_VERSION`, at most `newest`. `newest` if the variable is
  /// unset or empty.
  /// - Throws: `EngineError` of kind `configuration`, naming the variable.
  package static func cap(environment: [String: String]) throws -> APIVersion {
    let text = environment["DOCKER_API_VERSION"] ?? ""
    guard !text.isEmpty else { return .newest }
    // The docker command accepts `v1.41` and `1.41`.
    guard let version = APIVersion(text.hasPrefix("v") ? String(text.dropFirst()) : text) else {
      throw EngineError(
        kind: .configuration,
        message: "DOCKER_API_VERSION=\(text): expected a version such as \(newest)")
    }
    guard version >= oldest else {
      throw EngineError(
        kind: .configuration,
        message: "DOCKER_API_VERSION=\(text): this program needs API \(oldest) or newer")
    }
    return min(version, newest)
  }

  /// The first release of Docker Engine that has this version, such as `20.10`.
  package var engine: String {
    let index = minor - Self.oldest.minor
    guard major == 1, Self.engines.indices.contains(index) else { return "of API \(self)" }
    return Self.engines[index]
  }

  /// The first releases with 1.25, 1.26 and so on, from DefaultVersion in the engine's
  /// api/common.go.
  private static let engines = [
    "1.13.0", "1.13.1", "17.03.1", "17.04", "17.05", "17.06", "17.07", "17.09", "17.10", "17.11",
    "17.12", "18.02", "18.03", "18.06", "18.09", "19.03", "20.10", "23.0", "24.0", "25.0", "26.0",
    "27.0", "27.2", "28.0", "28.1", "28.2", "28.3",
  ]

  /// Compares the parts as numbers.
  package static func < (left: APIVersion, right: APIVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }

  /// `1.41`.
  package var description: String { "\(major).\(minor)" }
}

/// The response of an engine to a ping (Engine API, "SystemPing").
package struct EnginePing: Sendable, Equatable {
  /// The newest API version that the engine supports.
  package let engineAPIVersion: APIVersion
  /// The API version in use: the newest that engine and client support.
  package let apiVersion: APIVersion
  /// `linux` or `windows`. Empty if the engine doesn't report it.
  package let osType: String
  /// The name and version of the engine, such as `Docker/20.10.24 (linux)`. Empty if it doesn't
  /// report them.
  package let server: String
  /// The engine's clock: the `Date` header of the response. Empty if the header is missing.
  package let date: String
}
