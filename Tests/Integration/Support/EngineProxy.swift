import Foundation
import TestSupport

/// A TCP proxy of an engine that can cut connections: faults that a real engine doesn't offer.
struct EngineProxy: Sendable {
  /// Its port on the loopback interface.
  let port: Int
  private let process: RunningCommand

  /// Calls `body` with a proxy of an engine.
  ///
  /// - Parameters:
  ///   - engine: the engine behind the proxy.
  ///   - certificates: a directory with `ca.pem`, `server.pem` and `server-key.pem`, for mutual
  ///     TLS.
  ///   - body: the use of the proxy.
  /// - Throws: the errors of `body`.
  static func with(
    _ engine: TestEngine, certificates: String? = nil, _ body: (EngineProxy) async throws -> Void
  ) async throws {
    try await with(target: engine.socket, certificates: certificates, body)
  }

  /// Calls `body` with a proxy of a port of the loopback interface.
  ///
  /// - Parameters:
  ///   - port: the port behind the proxy; nothing has to listen there yet.
  ///   - certificates: as for an engine.
  ///   - asksClients: whether clients need a certificate.
  ///   - body: the use of the proxy.
  /// - Throws: the errors of `body`.
  static func with(
    tcp port: Int, certificates: String, asksClients: Bool = true,
    _ body: (EngineProxy) async throws -> Void
  ) async throws {
    try await with(
      target: "\(port)", certificates: certificates, asksClients: asksClients, body)
  }

  private static func with(
    target: String, certificates: String?, asksClients: Bool = true,
    _ body: (EngineProxy) async throws -> Void
  ) async throws {
    var words = ["-c", relayProgram + program, target]
    if let certificates { words += [certificates, asksClients ? "required" : "none"] }
    let process = try Command("/usr/bin/python3", words).start()
    defer { process.send(SIGKILL) }
    let port = try await process.line(containing: "port ").dropFirst("port ".count)
    try await body(EngineProxy(port: Int(port) ?? 0, process: process))
  }

  /// Cuts every connection, and accepts no new one until `open`.
  func cut() async throws {
    process.send(SIGUSR1)
    try await process.line(containing: "cut")
  }

  /// Accepts connections again.
  func open() async throws {
    process.send(SIGUSR2)
    try await process.line(containing: "open")
  }

  /// Closes the connection whenever a container is inspected, until `open`.
  func hideContainers() async throws {
    process.send(SIGHUP)
    try await process.line(containing: "hidden")
  }

  private static let program = """
    import ssl
    target, tls, is_open, hides = sys.argv[1], None, True, False
    inspection = re.compile(rb'GET /v[0-9.]+/containers/[0-9a-f]{64}/json')
    if len(sys.argv) > 2:
        directory = sys.argv[2]
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=directory + '/ca.pem')
        tls.load_cert_chain(directory + '/server.pem', directory + '/server-key.pem')
        tls.verify_mode = ssl.CERT_REQUIRED if sys.argv[3] == 'required' else ssl.CERT_NONE
    def relay(one, other):
        try:
            while data := one.recv(65536):
                if hides and inspection.match(data): raise OSError('hidden')
                other.sendall(data)
            if tls: end(other)
            else: other.shutdown(socket.SHUT_WR)
        except OSError:
            end(one), end(other)
    def serve(client):
        try:
            if tls: client = tls.wrap_socket(client, server_side=True)
            engine = connect(target)
        except OSError:
            return client.close()
        couple(client, engine, lambda: relay(client, engine), lambda: relay(engine, client))
    def listen(listener):
        while True:
            client, _ = listener.accept()
            if is_open: threading.Thread(target=serve, args=(client,), daemon=True).start()
            else: client.close()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP])
    listener = socket.create_server(('127.0.0.1', 0), backlog=64)
    threading.Thread(target=listen, args=(listener,), daemon=True).start()
    print('port', listener.getsockname()[1], flush=True)
    while True:
        sent = signal.sigwait([signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP])
        hides = sent == signal.SIGHUP
        is_open = sent != signal.SIGUSR1
        if hides: print('hidden', flush=True); continue
        if not is_open:
            end_all()
        print('open' if is_open else 'cut', flush=True)
    """
}

/// Certificates for mutual TLS, as an operator creates them.
enum Certificates {
  /// Creates `ca.pem`, a server's and a client's certificate (`cert.pem`, `key.pem`) in a
  /// directory.
  static func make(in directory: String) async throws {
    func openssl(_ words: String...) async throws {
      try await Command("openssl", words, directory: directory).output()
    }
    try await openssl(
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=authority", "-days", "2",
      "-keyout", "ca-key.pem", "-out", "ca.pem")
    try "subjectAltName=IP:127.0.0.1\n".write(
      toFile: directory + "/names", atomically: true, encoding: .utf8)
    for (name, key, certificate) in [
      ("server", "server-key.pem", "server.pem"), ("client", "key.pem", "cert.pem"),
    ] {
      try await openssl(
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=\(name)", "-keyout", key, "-out",
        "\(name).csr")
      try await openssl(
        "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
        "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", certificate)
    }
  }
}
