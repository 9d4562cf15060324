import EngineStandIn
import Foundation
import TestSupport
import Testing

/// Calls `body` with an engine of an older release, which is a stand-in in front of a real one.
/// Requests that it had to refuse fail the test.
func withOldEngine(
  _ release: EngineRelease, before engine: TestEngine,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ body: (EngineStandIn) async throws -> Void
) async throws {
  try await withTemporaryDirectory { directory in
    let old = try EngineStandIn(release, engine: engine.socket, at: directory.path("old.sock"))
    defer { old.stop() }
    try await body(old)
    let refusals = old.refusals
    #expect(refusals.isEmpty, "refused by \(release)", sourceLocation: sourceLocation)
  }
}

extension EngineStandIn {
  /// The value of DOCKER_HOST that selects it.
  var dockerHost: String { "unix://\(socket)" }

  /// Sends a request with curl; returns the status and the body.
  func request(
    _ method: String, _ path: String, json: String? = nil
  ) async throws -> (status: String, body: String) {
    var words = ["-s", "--unix-socket", socket, "-X", method, "-w", "\n%{http_code}"]
    if let json { words += ["-H", "Content-Type: application/json", "-d", json] }
    let response = try await Command("curl", words + ["http://engine\(path)"]).output()
    let cut = response.lastIndex(of: "\n") ?? response.startIndex
    return (String(response[cut...].dropFirst()), String(response[..<cut]))
  }
}
