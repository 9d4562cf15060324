import Foundation
import Linux
import TestSupport
import Testing

@testable import Executor

@Suite("Probes of doctor")
struct DoctorProbeTests {
  /// The checks of a host with the given engine, agent and reaper.
  private func checks(
    _ directory: TemporaryDirectory, engine: String = "/nowhere/d.sock", agent: String? = nil,
    settings: String? = nil, limit: Duration = .seconds(120)
  ) async -> [String: HostCheck] {
    let examination = Examination(
      agent: agent ?? "http://127.0.0.1:1", sandbox: directory.path,
      settings: settings ?? directory.path("none.yaml"),
      environment: [
        "DOCKER_HOST": "unix://\(engine)", Lease.variable: directory.path("lease.sock"),
        "PATH": directory.path("bin"),
      ])
    // A busy machine is slow. Only tests that don't wait for a response use the program's own
    // limit.
    let checks = await Probing.$limit.withValue(limit) { await examination.checks() }
    return Dictionary(checks.map { ($0.name, $0) }) { first, _ in first }
  }

  @Test("report a missing engine, agent and reaper, each in its own check")
  func nobody() async throws {
    try await withTemporaryDirectory { directory in
      let found = await checks(directory)
      #expect(found["engine"]?.result == .fail)
      #expect(found["engine"]?.fix?.contains("DOCKER_HOST") == true)
      #expect(found["address-pools"] == nil)
      #expect(found["agent"]?.result == .warn)
      #expect(found["reaper-service"]?.finding.contains("no service at") == true)
      #expect(found["leases"]?.result == .warn)
      #expect(found["sandbox"]?.result == .ok)
      #expect(found["sandbox-disk"] != nil)
      #expect(found["settings-file"]?.result == .ok)
      #expect(found["policy"]?.result == .warn)
      #expect(found["kernel"]?.finding.hasPrefix("Linux ") == true)
      let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
      #expect(left.isEmpty)
    }
  }

  @Test("complete in time if engine, agent and reaper accept connections and never respond")
  func hanging() async throws {
    try await withTemporaryDirectory { directory in
      let servers = [
        FakeHTTPServer(), FakeHTTPServer(), FakeHTTPServer(), FakeHTTPServer(),
      ]
      try servers[0].listen(on: .unix(path: directory.path("engine.sock")))
      try servers[1].listen(on: .loopback())
      try servers[2].listen(on: .unix(path: directory.path("lease.sock")))
      try servers[3].listen(on: .unix(path: directory.path("reaper.sock")))
      defer { for server in servers { server.stop() } }
      let found = await checks(
        directory, engine: directory.path("engine.sock"),
        agent: "http://127.0.0.1:\(servers[1].port)",
        limit: .seconds(2))
      #expect(found["engine"]?.result == .fail, "\(found)")
      #expect(found["agent"]?.result == .warn)
      #expect(found["leases"]?.result == .fail)
      #expect(found["reaper-service"]?.finding.contains("doesn't respond") == true)
    }
  }

  @Test("treat a service that accepts no connection as one that hangs", .timeLimit(.minutes(3)))
  func fullQueue() async throws {
    try await withTemporaryDirectory { directory in
      var files: [Int32] = []
      defer { for file in files { close(file) } }
      for name in ["lease.sock", "reaper.sock"] {
        let path = directory.path(name)
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        files.append(listener)
        #expect(UnixSocket.bind(listener, to: path, mode: 0o600) == 0)
        #expect(listen(listener, 0) == 0)
        while let client = UnixSocket.connect(path, waits: false) { files.append(client) }
      }
      let found = await checks(directory)
      #expect(found["leases"]?.result == .fail, "\(found)")
      #expect(found["reaper-service"]?.finding.contains("doesn't respond") == true, "\(found)")
    }
  }

  @Test("fail at once for settings that can't be read", .timeLimit(.minutes(3)))
  func strangeSettings() async throws {
    try await withTemporaryDirectory { directory in
      mkfifo(directory.path("fifo"), 0o644)
      symlink("/dev/zero", directory.path("zero"))
      symlink("nowhere", directory.path("lost"))
      mkdir(directory.path("directory"), 0o755)
      for (name, reason) in [
        ("fifo", "it is not a regular file"), ("zero", "writable by others"),
        ("lost", "No such file or directory"), ("directory", "Is a directory"),
      ] {
        let found = await checks(directory, settings: directory.path(name))
        #expect(found["settings-file"]?.result == .fail, "\(name)")
        #expect(found["settings-file"]?.finding.contains(reason) == true, "\(found)")
        #expect(found["policy"]?.result == .fail, "\(name)")
      }
    }
  }

  @Test("send only GET requests to an engine, and count its networks against its pools")
  func requests() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path("engine.sock")
      let server = try FakeHTTPServer(on: .unix(path: path)) { request in
        switch request.path {
        case "/_ping": .response(200, "OK", headers: ["Api-Version": "1.41"])
        case "/v1.41/info":
          .response(
            200,
            #"{"ServerVersion":"20.10","Driver":"vfs","CgroupDriver":"cgroupfs","DockerRootDir":"/","#
              + #""DefaultAddressPools":[{"Base":"10.99.0.0/16","Size":20}]}"#)
        case "/v1.41/networks":
          .response(
            200,
            #"[{"Id":"1","IPAM":{"Config":[{"Subnet":"10.99.0.0/17"}]}},{"Id":"2","IPAM":null}]"#)
        default: .response(404)
        }
      }
      defer { server.stop() }
      let found = await checks(directory, engine: path)
      #expect(found["engine"]?.result == .ok, "\(found)")
      #expect(found["address-pools"]?.finding == "8 of 16 networks left", "\(found)")
      #expect(found["storage-driver"]?.result == .warn)
      #expect(found["engine-disk"] != nil)
      let requests = server.requests
      #expect(requests.count >= 3 && requests.allSatisfy { $0.method == "GET" }, "\(requests)")
    }
  }

  @Test("read an agent's hooks from its flags", arguments: [true, false])
  func hooks(_ isLoaded: Bool) async throws {
    try await withTemporaryDirectory { directory in
      let hooks = isLoaded ? "other,\(MesosChecks.hookName)" : "other"
      let server = try FakeHTTPServer(on: .loopback()) { request in
        request.path == "/flags"
          ? .response(200, #"{"flags":{"hooks":"\#(hooks)","isolation":"cgroups/cpu\u001b[2J"}}"#)
          : .response(404)
      }
      defer { server.stop() }
      let found = await checks(directory, agent: "127.0.0.1:\(server.port)")
      #expect(found["hook-module"]?.result == (isLoaded ? .ok : .warn))
      #expect(found["agent"]?.finding.contains("isolation cgroups/cpu\u{fffd}[2J") == true)
    }
  }

  @Test("distinguish an agent from another server, and from an agent that requires credentials")
  func otherAgents() async throws {
    try await withTemporaryDirectory { directory in
      for (status, body, words) in [
        (200, "<html>", "isn't a Mesos agent"), (401, "", "requires credentials"),
        (503, "", "status 503"),
      ] {
        let server = try FakeHTTPServer(on: .loopback()) { _ in .response(status, body) }
        defer { server.stop() }
        let found = await checks(directory, agent: "127.0.0.1:\(server.port)")
        #expect(found["agent"]?.finding.contains(words) == true, "\(found)")
      }
    }
  }

  @Test("find the errors of the settings file")
  func settings() async throws {
    try await withTemporaryDirectory { directory in
      for (text, mode, words) in [
        ("allow: {}\n", 0o666, "mode 0666"), ("nothing: 1\n", 0o644, "unknown setting 'nothing'"),
        ("a: [", 0o644, "settings.yaml"),
      ] {
        let path = try directory.write("settings.yaml", text)
        chmod(path, mode_t(mode))
        let found = await checks(directory, settings: path)
        #expect(found["settings-file"]?.result == .fail)
        #expect(found["settings-file"]?.finding.contains(words) == true, "\(found)")
        #expect(found["policy"]?.result == .fail)
      }
      let path = try directory.write("settings.yaml", "allow: {}\n")
      chmod(path, 0o644)
      let found = await checks(directory, settings: path)
      #expect(found["settings-file"]?.result == .ok && found["policy"]?.result == .ok)
    }
  }

  @Test("compare the version of the pod-reaper on the PATH, which may hang")
  func program() async throws {
    try await withTemporaryDirectory { directory in
      func program(
        _ script: String, limit: Duration = .seconds(120)
      ) async throws -> MesosChecks.Program {
        try FileManager.default.createDirectory(
          atPath: directory.path("bin"), withIntermediateDirectories: true)
        try await directory.program("bin/pod-reaper", "#!/bin/sh\n\(script)\n")
        return await Probing.$limit.withValue(limit) {
          await ServiceProbes.program(in: ["/nowhere", directory.path("bin")])
        }
      }
      let path = directory.path("bin/pod-reaper")
      #expect(try await program("echo 0.0.1; echo more") == .version(path: path, "0.0.1"))
      guard case .silent(path, _) = try await program("exit 3") else {
        Issue.record("not silent")
        return
      }
      #expect(
        try await program("sleep 100", limit: .seconds(2))
          == .silent(path: path, "no response within 2 s"))
      #expect(await ServiceProbes.program(in: ["/nowhere"]) == .missing)
      #expect(ServiceProbes.directories(["PATH": "/a:b:/c"]).suffix(2) == ["/a", "/c"])
    }
  }

  @Test("accept the reply of a lease socket, and leave no lease")
  func lease() async throws {
    try await withTemporaryDirectory { directory in
      let python = """
        import socket, sys
        server = socket.socket(socket.AF_UNIX)
        server.bind(sys.argv[1])
        server.listen(4)
        print('listens', flush=True)
        client, _ = server.accept()
        text = b''
        while not text.endswith(b'\\n'): text += client.recv(64)
        client.sendall(b'OK\\n')
        while True:
            more = client.recv(64)
            if not more: break
            text += more
        print(text.decode().replace('\\n', '|'), flush=True)
        """
      let server = try Command("python3", ["-c", python, directory.path("lease.sock")]).start()
      try await server.line(containing: "listens")
      let found = await checks(directory)
      #expect(found["leases"]?.result == .ok)
      let line = try await server.line(containing: "LEASE 1 doctor-")
      #expect(line.hasSuffix("|RELEASE|"), "\(line)")
      try await server.exit()
    }
  }
}
