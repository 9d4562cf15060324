/// A release of Docker Engine that the stand-in imitates.
package struct EngineRelease: Sendable, Hashable, CustomStringConvertible {
  /// The version that the engine reports.
  package let version: String
  /// The minor number of the newest API version that the engine supports.
  package let api: Int

  /// Docker 1.13.0.
  package static let v1_13 = EngineRelease(version: "1.13.0", api: 25)
  /// Docker 17.06.
  package static let v17_06 = EngineRelease(version: "17.06.2-ce", api: 30)
  /// Docker 17.12.
  package static let v17_12 = EngineRelease(version: "17.12.1-ce", api: 35)
  /// Docker 19.03.
  package static let v19_03 = EngineRelease(version: "19.03.15", api: 40)
  /// Docker 20.10, for comparison.
  package static let v20_10 = EngineRelease(version: "20.10.24", api: 41)
  /// All releases, oldest first.
  package static let all = [v1_13, v17_06, v17_12, v19_03, v20_10]

  /// The name of a test case.
  package var description: String { "Docker \(version), API 1.\(api)" }
}
