import Foundation
import TestSupport
import Testing

/// Tests `deploy/secrets/vault-secret` against a stand-in for Vault's HTTP API:
/// `auth/approle/login`, `sys/wrapping/unwrap`, `auth/token/revoke-self`, and `MOUNT/data/PATH` of
/// KV version 2.
@Suite("vault-secret")
struct VaultSecretTests {
  private static let standIn = #"""
    import http.server, json, sys
    used = set()
    class Vault(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_): pass
        def reply(self, code, body=None):
            text = b"" if body is None else json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
        def body(self):
            return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        def do_POST(self):
            body, token = self.body(), self.headers.get("X-Vault-Token")
            print("POST", self.path, flush=True)
            if self.headers.get("X-Vault-Request") != "true": return self.reply(412, {"errors": ["no header"]})
            if self.path == "/v1/auth/approle/login":
                if body == {"role_id": "role", "secret_id": "hush"}:
                    return self.reply(200, {"auth": {"client_token": "s.token", "lease_duration": 60}})
                return self.reply(400, {"errors": ["invalid role or secret ID"]})
            if self.path == "/v1/sys/wrapping/unwrap":
                if token != "s.wrapped" or token in used:
                    return self.reply(400, {"errors": ["wrapping token is not valid or does not exist"]})
                used.add(token)
                return self.reply(200, {"data": {"secret_id": "hush", "secret_id_accessor": "a"}})
            if self.path == "/v1/auth/token/revoke-self" and token == "s.token": return self.reply(204)
            self.reply(403, {"errors": ["permission denied"]})
        def do_GET(self):
            print("GET", self.path, flush=True)
            if self.headers.get("X-Vault-Token") != "s.token": return self.reply(403, {"errors": ["permission denied"]})
            data = {"password": "väl\nue", "value": "plain", "number": 7}
            if self.path in ("/v1/secret/data/prod/db", "/v1/secret/data/prod/a%20b"):
                return self.reply(200, {"data": {"data": data, "metadata": {"version": 3}}})
            if self.path == "/v1/secret/data/moved":
                self.send_response(307); self.send_header("Location", "http://127.0.0.1:1/"); self.end_headers(); return
            if self.path == "/v1/secret/data/gone": return self.reply(404, {"data": {"data": None}, "errors": []})
            self.reply(404, {"errors": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vault)
    print(server.server_port, flush=True)
    server.serve_forever()
    """#

  /// Passes a stand-in to `body`, and a function that runs the program with settings and a name.
  private func withVault(
    _ body: (
      TemporaryDirectory, RunningCommand, ([String: String], String) async throws -> CommandResult
    ) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let server = try Command("/usr/bin/python3", ["-I", "-c", Self.standIn]).start()
      defer { server.send(SIGKILL) }
      let port = try await server.line("the port", within: .seconds(180)) { Int($0) != nil }
      let program = SourceTree.path("deploy/secrets/vault-secret")
      try await body(directory, server) { more, name in
        let basic = ["address": "http://127.0.0.1:\(port)", "role_id": "role"]
        var settings = basic.merging(more) { $1 } as [String: Any]
        if let rules = more["prefixes"] {
          settings["prefixes"] = try JSONSerialization.jsonObject(with: Data(rules.utf8))
        }
        let file = directory.path("settings.json")
        try JSONSerialization.data(withJSONObject: settings).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        let question =
          #"{"name": "\#(name)", "kind": "secret", "labels": {}, "task": {"principal": "marathon"}}"#
        return try await Command(
          "sh", ["-c", "printf %s \"$1\" | \"$2\" \"$3\"", "sh", question, program, file]
        ).run(within: .seconds(180))
      }
    }
  }

  @Test("prints a field of a secret, and revokes its token")
  func value() async throws {
    try await withVault { _, server, ask in
      let found = try await ask(["secret_id": "hush"], "prod/db#password")
      #expect(
        found.status == .exited(0) && found.stdout == "väl\nue" && found.stderr.isEmpty, "\(found)")
      #expect(try await ask(["secret_id": "hush"], "prod/db").stdout == "plain")
      #expect(try await ask(["secret_id": "hush"], "prod/a b").stdout == "plain")
      let login = [
        "POST /v1/auth/approle/login", "GET /v1/secret/data/prod/db",
        "POST /v1/auth/token/revoke-self",
      ]
      #expect(Array(server.lines(.stdout).dropFirst().prefix(3)) == login)
    }
  }

  @Test("unwraps a secret ID once, and stores it for its own use")
  func wrapped() async throws {
    try await withVault { directory, server, ask in
      let token = try directory.write("token", "s.wrapped\n")
      let settings = ["wrapped_token_file": token, "secret_id_cache": directory.path("cache")]
      #expect(try await ask(settings, "prod/db").stderr.contains("readable by nobody else"))
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: token)
      for _ in 1...2 { #expect(try await ask(settings, "prod/db").stdout == "plain") }
      #expect(server.lines(.stdout).filter { $0.contains("unwrap") }.count == 1)
      let mode = try FileManager.default.attributesOfItem(atPath: directory.path("cache"))
      #expect(mode[.posixPermissions] as? Int == 0o600)
      // Another process has unwrapped it.
      try FileManager.default.removeItem(atPath: directory.path("cache"))
      let late = try await ask(settings, "prod/db")
      #expect(
        late.status == .exited(1) && late.stderr.contains("wrapping token is not valid"), "\(late)")
    }
  }

  @Test("reports a failure in one line, without any value")
  func refusals() async throws {
    try await withVault { _, _, ask in
      let id = ["secret_id": "hush"]
      let rules = ["secret_id": "hush", "prefixes": #"{"marathon": ["team/"], "*": ["shared/"]}"#]
      for (settings, name, words) in [
        (["secret_id": "wrong-id"], "prod/db", "with 400: invalid role or secret ID"),
        ([:], "prod/db", "neither secret_id"), (id, "prod/db#none", "has no field none"),
        (id, "prod/db#number", "is not a string"), (id, "gone", "with 404"),
        (id, "missing", "with 404"),
        (id, "moved", "with 307"), (id, "../sys/x", "is not a path with a field"),
        (id, "#x", "is not a path"),
        (rules, "prod/db", "isn't for tasks of principal marathon"),
        (
          ["secret_id": "hush", "address": "http://example.org"], "prod/db",
          "must begin with https://"
        ),
        (["secret_id": "hush", "address": "http://127.0.0.1:1"], "prod/db", "can't be reached"),
      ] {
        let end = try await ask(settings, name)
        #expect(end.status == .exited(1) && end.stdout.isEmpty, "\(end)")
        #expect(end.stderr.contains(words), "\(end)")
        #expect(end.stderr.filter { $0 == "\n" }.count == 1, "\(end)")
        for hidden in ["hush", "plain", "väl", "s.token", "wrong-id"] {
          #expect(!end.stderr.contains(hidden), "\(end)")
        }
      }
    }
  }
}
