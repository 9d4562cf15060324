import DockerEngine
import Testing

@Suite("An engine's error")
struct EngineErrorTests {
  @Test("is one line with method, path, the engine's text and the status")
  func line() {
    let error = EngineError(
      kind: .status(404), method: "GET", path: "/containers/x/json",
      message: "No such\ncontainer: x")
    #expect("\(error)" == "Docker Engine: GET /containers/x/json: No such container: x (404)")
    #expect(error.isNotFound)
    #expect(!error.isConflict)
  }

  @Test("recognizes that a network's name is in use, whatever the status of an older engine")
  func takenName() {
    for status in [403, 409, 500] {
      let error = EngineError(
        kind: .status(status), message: "network with name web_default already exists")
      #expect(error.isConflict)
    }
    #expect(!EngineError(kind: .status(403), message: "network web is busy").isConflict)
  }
}
