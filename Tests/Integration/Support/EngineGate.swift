import Foundation
import TestSupport

/// A socket of an engine that blocks chosen requests.
struct EngineGate: Sendable {
  /// The effect on the chosen requests.
  enum Fault: String, Sendable, CaseIterable {
    /// Their connection is closed.
    case breaks
    /// They get no response.
    case hangs
  }

  /// A value of DOCKER_HOST.
  let dockerHost: String
  private let directory: TemporaryDirectory

  /// Calls `body` with a gate.
  ///
  /// - Parameters:
  ///   - engine: the engine behind the gate.
  ///   - fault: the effect on the chosen requests.
  ///   - requests: a regular expression for the beginning of a request, such as `POST
  ///     /v[0-9.]+/containers/`.
  ///   - body: the use of the gate.
  /// - Throws: the errors of `body`.
  static func with(
    _ engine: TestEngine, _ fault: Fault, _ requests: String,
    _ body: (EngineGate) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path("engine.sock")
      let gate = EngineGate(dockerHost: "unix://\(path)", directory: directory)
      try directory.write("closed", "")
      let process = try Command(
        "/usr/bin/python3",
        [
          "-c", relayProgram + program, engine.socket, path, directory.path("closed"),
          fault.rawValue,
          requests,
        ]
      ).start()
      defer { process.send(SIGKILL) }
      try await process.line(containing: "listens")
      try await body(gate)
    }
  }

  /// Lets every request through from now on, including those that hang.
  func open() throws { try FileManager.default.removeItem(atPath: directory.path("closed")) }

  private static let program = """
    import time
    target, path, closed, fault, requests = sys.argv[1:]
    requests = re.compile(requests.encode())
    def relay(one, other):
        try:
            while data := one.recv(65536):
                while os.path.exists(closed) and requests.match(data):
                    if fault == 'breaks': raise OSError('closed')
                    time.sleep(0.05)
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            end(one), end(other)
    def serve(client):
        try: engine = connect(target)
        except OSError: return client.close()
        couple(client, engine, lambda: relay(client, engine), lambda: relay(engine, client))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    print('listens', flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()
    """
}
