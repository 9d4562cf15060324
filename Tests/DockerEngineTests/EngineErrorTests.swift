import DockerEngine
import Testing

@Suite("An engine's error")
struct EngineErrorTests {
  @Test("is one line with method, path, the engine's words and the status")
  func line() {
    let error = EngineError(
      kind: .status(404), method: "GET", path: "/containers/x/json",
      message: "No such\ncontainer: x")
    #expect("\(error)" == "Docker Engine: GET /containers/x/json: No such container: x (404)")
    #expect(error.isNotFound)
    #expect(!error.isConflict)
  }
}
