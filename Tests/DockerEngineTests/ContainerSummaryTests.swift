import Foundation
import Testing

@testable import DockerEngine

@Suite("A listed container")
struct ContainerSummaryTests {
  /// On the default bridge, links give a container additional names, in the engine's order.
  @Test(
    "has its own name, not a name from a link",
    arguments: [
      (["/web"], "web"), (["/app/db", "/db"], "db"), (["/db", "/app/db"], "db"), ([], ""),
      (["/app/db"], "app/db"),
    ])
  func name(names: [String], expected: String) throws {
    let json = try JSONSerialization.data(withJSONObject: ["Id": "ab", "Names": names])
    let summary = try JSONDecoder().decode(ContainerSummary.self, from: json)
    #expect(summary.name == expected)
  }
}
