import DockerEngine
import TestSupport
import Testing

@Suite("Endpoints without a container", .timeLimit(.minutes(2)))
struct DeadEndpointTests {
  private static let ping = ServerReply.response(
    200, "OK", headers: ["Api-Version": "1.41", "OSType": "linux"])
  private static let network = String(repeating: "f", count: 64)
  private static let gone = String(repeating: "a", count: 64)
  private static let alive = String(repeating: "b", count: 64)

  /// An engine with one network, which lists these endpoints (key, endpoint ID, name), and with
  /// these containers.
  private func engine(
    scope: String = "local", endpoints: [(key: String, id: String, name: String)],
    containers: Set<String>, disconnect: ServerReply = .response(200),
    inspect: ServerReply? = nil
  ) throws -> (server: FakeHTTPServer, engine: DockerEngine) {
    let members = endpoints.map { #""\#($0.key)":{"Name":"\#($0.name)","EndpointID":"\#($0.id)"}"# }
    let details =
      #"{"Id":"\#(Self.network)","Name":"net","Scope":"\#(scope)","Containers":"#
      + "{\(members.joined(separator: ","))}}"
    let server = try FakeHTTPServer { request in
      if request.target == "/_ping" { return Self.ping }
      let path = request.target.split(separator: "/").dropFirst().map(String.init)
      switch (request.method, path.first, path.dropFirst().first, path.last) {
      case ("GET", "networks", _, _): return .response(200, details)
      case ("GET", "containers", let name?, _):
        return containers.contains(name)
          ? inspect ?? .response(200, #"{"Id":"\#(Self.alive)","Name":"/\#(name)"}"#)
          : .response(404, #"{"message":"No such container: \#(name)"}"#)
      case ("POST", "networks", _, "disconnect"): return disconnect
      default: return .response(500, #"{"message":"unexpected"}"#)
      }
    }
    return (server, DockerEngine(endpoint: .unix(path: server.path)))
  }

  private func disconnected(_ server: FakeHTTPServer) -> [String] {
    server.requests.filter { $0.target.hasSuffix("/disconnect") }
      .map { String(decoding: $0.body, as: UTF8.self) }
  }

  @Test("are disconnected by force and by name, whether listed under a dead ID or without an ID")
  func dead() async throws {
    let (server, engine) = try engine(
      endpoints: [(Self.gone, "1", "first"), ("ep-2", "2", "second")], containers: [])
    defer { server.stop() }
    #expect(try await engine.disconnectDeadEndpoints(of: Self.network) == ["first", "second"])
    let bodies = disconnected(server)
    #expect(bodies.count == 2)
    #expect(bodies[0].contains(#""Container":"first""#) && bodies[0].contains(#""Force":true"#))
    #expect(bodies[1].contains(#""Container":"second""#) && bodies[1].contains(#""Force":true"#))
    #expect(
      server.requests.filter { $0.target.hasSuffix("/disconnect") }.allSatisfy {
        $0.target == "/v1.41/networks/\(Self.network)/disconnect"
      })
  }

  @Test("are left alone while a container has their ID or their name")
  func alive() async throws {
    let (server, engine) = try engine(
      endpoints: [
        (Self.alive, "1", "running"), ("ep-2", "2", "starting"),
        (Self.gone, "3", "name-used-again"),
        (String(repeating: "c", count: 64), "4", "dead"),
      ], containers: [Self.alive, "running", "starting", "name-used-again"])
    defer { server.stop() }
    #expect(try await engine.disconnectDeadEndpoints(of: Self.network) == ["dead"])
    #expect(disconnected(server).count == 1)
  }

  @Test("of a swarm, of another host or without a name are left alone")
  func foreign() async throws {
    let odd = try engine(
      endpoints: [("lb-net", "1", "net-endpoint"), (Self.gone, "2", ""), ("ep-x", "3", "odd")],
      containers: [])
    defer { odd.server.stop() }
    #expect(try await odd.engine.disconnectDeadEndpoints(of: Self.network) == [])
    let wide = try engine(
      scope: "swarm", endpoints: [(Self.gone, "1", "elsewhere")], containers: [])
    defer { wide.server.stop() }
    #expect(try await wide.engine.disconnectDeadEndpoints(of: Self.network) == [])
    #expect(disconnected(odd.server).isEmpty && disconnected(wide.server).isEmpty)
  }

  @Test("are left alone if the engine can't inspect their container")
  func unknown() async throws {
    let (server, engine) = try engine(
      endpoints: [("ep-1", "1", "web")], containers: ["web"],
      inspect: .response(500, #"{"message":"busy"}"#))
    defer { server.stop() }
    await #expect(throws: EngineError.self) {
      try await engine.disconnectDeadEndpoints(of: Self.network)
    }
    #expect(disconnected(server).isEmpty)
  }

  @Test("that are removed meanwhile cause no failure, and are not reported as removed")
  func gone() async throws {
    let (server, engine) = try engine(
      endpoints: [("ep-1", "1", "web")], containers: [],
      disconnect: .response(404, #"{"message":"endpoint web not found"}"#))
    defer { server.stop() }
    #expect(try await engine.disconnectDeadEndpoints(of: Self.network) == [])
    #expect(disconnected(server).count == 1)
  }
}
