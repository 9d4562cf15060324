import Foundation
import TestSupport
import Testing

@testable import DockerEngine

/// Requests to an engine of an older API, and their results.
@Suite("An engine of an older API", .timeLimit(.minutes(2)))
struct OlderEngineTests {
  /// A server of an API version that responds to each request with the same body.
  private func server(
    _ version: String, _ body: String = #"{"Id":"a","Warnings":null}"#
  ) throws -> FakeHTTPServer {
    try FakeHTTPServer { request in
      request.target == "/_ping"
        ? .response(200, "OK", headers: ["Api-Version": "\(version)"]) : .response(200, body)
    }
  }

  private func engine(_ server: FakeHTTPServer, timeout: Duration = .seconds(60)) -> DockerEngine {
    DockerEngine(endpoint: .unix(path: server.path), requestTimeout: timeout)
  }

  /// The body of a create request to an engine of a version.
  private func sent(
    _ version: String, _ body: ContainerCreate
  ) async throws -> (body: String, warnings: [String]) {
    let server = try server(version)
    defer { server.stop() }
    let made = try await engine(server).createContainer(name: nil, body)
    return (String(decoding: server.requests.last?.body ?? [], as: UTF8.self), made.warnings)
  }

  private func container(_ change: (inout HostConfig) -> Void) -> ContainerCreate {
    var body = ContainerCreate(image: "image")
    var host = HostConfig()
    change(&host)
    body.hostConfig = host
    return body
  }

  @Test("gets no request to create the directory of a bind mount")
  func createdMountpoint() async throws {
    let body = container {
      $0.mounts = [
        Mount(
          type: "bind", source: "/a", target: "/b", readOnly: true,
          bindOptions: .init(propagation: "rslave", createMountpoint: true))
      ]
    }
    let old = try await sent("1.41", body).body
    #expect(!old.contains("CreateMountpoint") && old.contains("rslave"), "\(old)")
    #expect(try await sent("1.42", body).body.contains(#""CreateMountpoint":true"#))
  }

  @Test("doesn't get settings that are its default behavior")
  func implied() async throws {
    let body = container {
      $0.mounts = [
        Mount(
          type: "bind", source: "/a", target: "/b",
          bindOptions: .init(readOnlyNonRecursive: true))
      ]
      $0.cgroupnsMode = "host"
    }
    #expect(try await !sent("1.43", body).body.contains("ReadOnlyNonRecursive"))
    #expect(try await sent("1.44", body).body.contains("ReadOnlyNonRecursive"))
    #expect(try await !sent("1.40", body).body.contains("CgroupnsMode"))
    #expect(try await sent("1.41", body).body.contains(#""CgroupnsMode":"host""#))
  }

  @Test("gets the first network's address also as that of the container, if it reads that")
  func address() async throws {
    var body = container { $0.networkMode = "net" }
    body.networkingConfig = NetworkingConfig(
      endpointsConfig: ["net": EndpointSettings(macAddress: "02:00:00:00:00:01")])
    let old = try await sent("1.43", body).body
    #expect(old.components(separatedBy: "MacAddress").count == 3, "\(old)")
    #expect(try await sent("1.44", body).body.components(separatedBy: "MacAddress").count == 2)
  }

  @Test("refuses a private cgroup namespace, and a network without IPv4")
  func refused() async throws {
    let body = container { $0.cgroupnsMode = "private" }
    await #expect(throws: EngineError.self) { try await sent("1.40", body) }
    var network = NetworkCreate(name: "n")
    network.enableIPv4 = false
    let server = try server("1.47")
    defer { server.stop() }
    await #expect(throws: EngineError.self) { try await engine(server).createNetwork(network) }
  }

  @Test("may delay the response to a wait as long as the container runs")
  func wait() async throws {
    let server = try FakeHTTPServer { request in
      if request.target == "/_ping" { return .response(200, headers: ["Api-Version": "1.25"]) }
      Thread.sleep(forTimeInterval: 0.6)
      return .response(200, #"{"StatusCode":3}"#)
    }
    defer { server.stop() }
    let engine = engine(server, timeout: .milliseconds(200))
    // A busy machine can exceed the time limit of the version's request, which is repeated then.
    try await eventually("the version") { (try? await engine.ability()) != nil }
    #expect(try await engine.waitContainer("web") == 3)
    #expect(server.requests.last?.target == "/v1.25/containers/web/wait")
  }

  @Test("doesn't get a request that requires a newer API, which fails at once")
  func refusedCalls() async throws {
    let server = try server("1.25")
    defer { server.stop() }
    let engine = engine(server)
    var exec = ExecCreate(cmd: ["pwd"])
    exec.workingDir = "/"
    let body = exec
    await #expect(throws: EngineError.self) { try await engine.createExec("web", body) }
    await #expect(throws: EngineError.self) {
      try await engine.connectNetwork(
        "net", container: "web", EndpointSettings(macAddress: "02:00:00:00:00:01"))
    }
    await #expect(throws: EngineError.self) {
      try await engine.waitContainer("web", condition: "next-exit")
    }
    #expect(server.requests.map(\.target) == ["/_ping"])
  }

  @Test("gets a request to check a network's name, which a newer one always checks")
  func duplicates() async throws {
    for (version, isAsked) in [("1.43", true), ("1.44", false)] {
      let server = try server(version)
      defer { server.stop() }
      _ = try await engine(server).createNetwork(NetworkCreate(name: "n"))
      let body = String(decoding: server.requests.last?.body ?? [], as: UTF8.self)
      #expect(body.contains("CheckDuplicate") == isAsked)
    }
  }

  @Test(
    "gets no platform in a request: the client inspects the image instead",
    arguments: [
      ("linux/amd64", true), ("linux/x86_64", true), ("amd64", true), ("linux", true),
      ("linux/arm64/v8", false), ("windows/amd64", false), ("s390x", false),
    ])
  func platform(text: String, fits: Bool) async throws {
    let server = try server(
      "1.40", #"{"Id":"sha256:1","Os":"linux","Architecture":"amd64","Warnings":[]}"#)
    defer { server.stop() }
    let error: EngineError?
    do {
      _ = try await engine(server).createContainer(
        name: nil, platform: text, ContainerCreate(image: "web"))
      error = nil
    } catch let refusal as EngineError { error = refusal }
    #expect((error == nil) == fits)
    if !fits {
      #expect(error?.message.contains("does not match the specified platform") == true)
      #expect(error?.missing == nil)
    }
    #expect(
      server.requests.last?.target == (fits ? "/v1.40/containers/create" : "/v1.40/images/web/json")
    )
  }

  @Test("pulls its own platform if requests can't have one")
  func pull() async throws {
    for (version, isAsked) in [("1.31", false), ("1.32", true)] {
      let server = try server(version, "")
      defer { server.stop() }
      for try await _ in try await engine(server).pullImage("web", platform: "linux/arm64") {}
      #expect(server.requests.last?.target.contains("platform=") == isAsked)
    }
  }

  @Test(
    "may have log lines without a time",
    arguments: ["...................Z", "", "Z", "2026-01-01T00:00:00 x", "a-b-cTd:e:f.000000000Z"])
  func timeless(line: String) {
    #expect(LogTime(line: line.utf8) == nil)
  }

  @Test("has stored a line from before a point in time, or not, by the times of the lines")
  func logs() async throws {
    // 2026-01-01T00:00:00.5Z is 1767225600.5.
    let line = "2026-01-01T00:00:00.500000000Z hello\n"
    for (moment, isBefore) in [("1767225600.600000000", true), ("1767225600.400000000", false)] {
      let server = try server("1.34", line)
      defer { server.stop() }
      #expect(try await engine(server).hasOutput("web", tty: true, before: moment) == isBefore)
      let target = server.requests.last?.target ?? ""
      #expect(target.contains("timestamps=1") && !target.contains("until"))
    }
    let server = try server("1.35", line)
    defer { server.stop() }
    #expect(try await engine(server).hasOutput("web", tty: true, before: "1767225600.400000000"))
    #expect(server.requests.last?.target.contains("until=1767225600.4") == true)
  }

  @Test("is used with the version of the cap, and an error about the version names the cap")
  func cap() async throws {
    let server = try FakeHTTPServer { request in
      if request.target == "/_ping" { return .response(200, headers: ["Api-Version": "1.52"]) }
      return .response(
        400, #"{"message":"client version 1.30 is too old. Minimum supported API version is 1.44"}"#
      )
    }
    defer { server.stop() }
    let engine = try DockerEngine(environment: [
      "DOCKER_HOST": "unix://\(server.path)", "DOCKER_API_VERSION": "1.30",
    ])
    #expect(try await engine.ability() == EngineAbility(APIVersion(1, 30), isCapped: true))
    let error = await #expect(throws: EngineError.self) { try await engine.info() }
    #expect(error?.message.hasPrefix("DOCKER_API_VERSION is 1.30: client version 1.30 is") == true)
    #expect(server.requests.last?.target == "/v1.30/info")
  }

  @Test("that doesn't report its API version is refused with its own name")
  func nameless() async throws {
    let server = try FakeHTTPServer { _ in
      .response(200, "OK", headers: ["Server": "Docker/1.12.6 (linux)"])
    }
    defer { server.stop() }
    let error = await #expect(throws: EngineError.self) { try await engine(server).ping() }
    #expect(error?.kind == .tooOld)
    #expect(
      error?.message.contains("is Docker/1.12.6 (linux), but this program needs API 1.25") == true)
  }

  @Test("is supported although its responses lack newer fields")
  func absentFields() async throws {
    // Responses of Docker 1.13.1, without the fields that it doesn't have.
    let info =
      #"{"ID":"A","ServerVersion":"1.13.1","CgroupDriver":"cgroupfs","OSType":"linux","SecurityOptions":null}"#
    let list =
      #"[{"Id":"a","Names":["/a"],"Labels":{},"NetworkSettings":{"Networks":{"n":{"IPAMConfig":null}}},"Mounts":[]}]"#
    let image = #"{"Id":"sha256:1","RepoTags":null,"Config":null}"#
    let volumes = #"{"Volumes":[{"Name":"v","Labels":null,"Options":null}],"Warnings":null}"#
    let networks =
      #"[{"Id":"n","Name":"n","IPAM":{"Driver":"default","Options":null,"Config":[]},"Containers":{"a":{"EndpointID":"e"}},"Labels":null}]"#
    let responses = [
      "/v1.25/info": info, "/v1.25/containers/json": list, "/v1.25/images/i/json": image,
      "/v1.25/volumes": volumes, "/v1.25/networks": networks,
    ]
    let server = try FakeHTTPServer { request in
      request.target == "/_ping"
        ? .response(200, headers: ["Api-Version": "1.25"])
        : .response(200, responses[request.target] ?? "")
    }
    defer { server.stop() }
    let engine = engine(server)
    #expect(try await engine.info().cgroupVersion == "1")
    #expect(try await engine.listContainers(all: false).first?.networks == ["n"])
    #expect(try await engine.inspectImage("i").lastTagTime.isEmpty)
    #expect(try await engine.listVolumes().map(\.createdAt) == [""])
    #expect(try await engine.listNetworks().first?.containers["a"]?.name == "")
  }
}
