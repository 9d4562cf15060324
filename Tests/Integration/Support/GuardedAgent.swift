import Foundation
import TestSupport

/// A Mesos agent's operator API as an agent with a token offers it: over TLS, or on its domain socket, where only
/// `/slave(1)/api/v1` is served. Who has no token gets 401.
struct GuardedAgent: Sendable {
  enum Way: String, Sendable, CaseIterable { case tls, socket }

  static let token = "eyJhbGciOiJIUzI1NiJ9.e30.token"
  /// What leads to it.
  let options: [String]
  private let process: RunningCommand

  /// Lends one that lists these runs.
  static func with(
    _ way: Way, runs: [String], token: String = token, authorities: String? = nil,
    _ body: (GuardedAgent) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      if way == .tls { try await Certificates.make(in: folder.path) }
      let process = try Command(
        "/usr/bin/python3", ["-c", program, way.rawValue, folder.path, Self.token] + runs
      ).start()
      defer { process.send(SIGKILL) }
      let place = try await process.line(containing: "at ").dropFirst("at ".count)
      var options = [
        "--agent-url", String(place), "--agent-token-file",
        try folder.write("token", token + "\n"),
      ]
      if way == .tls {
        options += ["--agent-ca-file", authorities ?? folder.path("ca.pem")]
      }
      try await body(GuardedAgent(options: options, process: process))
    }
  }

  private static let program = """
    import http.server, json, os, socketserver, ssl, sys
    way, folder, token, runs = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    answers = {
        'GET_AGENT': {'get_agent': {'agent_info': {'id': {'value': 'agent-1'}}}},
        'GET_METRICS': {'get_metrics': {'metrics': [{'name': 'slave/registered', 'value': 1}]}},
        'GET_FLAGS': {'get_flags': {'flags': [{'name': 'acls', 'value': ''}]}},
        'GET_CONTAINERS': {'get_containers': {'containers': [
            {'container_id': {'value': run}, 'executor_id': {'value': 'e'}} for run in runs]}}}
    path = '/api/v1' if way == 'tls' else '/slave(1)/api/v1'
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        def address_string(self): return 'client'
        def log_message(self, *_): pass
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
            code, body = 200, json.dumps(answers[asked['type']]).encode()
            if self.path != path: code, body = 403, b''
            elif self.headers['Authorization'] != 'Bearer ' + token: code, body = 401, b''
            self.send_response(code)
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)
    if way == 'tls':
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + '/server.pem', folder + '/server-key.pem')
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print('at https://127.0.0.1:%d' % server.server_address[1], flush=True)
    else:
        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer): daemon_threads = True
        server = Server(folder + '/agent.sock', Handler)
        print('at unix://' + folder + '/agent.sock#slave(1)', flush=True)
    server.serve_forever()
    """
}
