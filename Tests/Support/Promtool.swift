import Foundation

/// Prometheus' tool, which not every host has.
package enum Promtool {
  /// Whether it is on the PATH.
  package static let exists: Bool = {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/promtool") }
  }()
}
