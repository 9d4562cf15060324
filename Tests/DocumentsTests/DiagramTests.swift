import Foundation
import TestSupport
import Testing

@Suite("Diagrams")
struct DiagramTests {
  @Test("match the code")
  func fresh() async throws {
    let result = try await Command(
      Project.root.appendingPathComponent("scripts/diagrams").path, ["--check"]
    ).run()
    #expect(result.status == .exited(0), "\(result.stderr)")
  }
}
