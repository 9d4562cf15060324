import Dispatch
import DockerEngine
import PodIdentity
import PodObjects
import TestSupport
import Testing

@Suite("The inventory", .timeLimit(.minutes(2)))
struct PodInventoryTests {
  private let identity = Sample.identity()

  /// An engine with one container, a volume that is kept and one that isn't.
  private func engine(
    image: ServerReply?, container: ServerReply?
  ) throws -> (server: FakeHTTPServer, engine: DockerEngine) {
    let labels = identity.labels
    let kept = labels.merging([PodLabel.keep: "true"]) { $1 }
    let list = "[\(Sample.container("c1", image: "i1", identity))]"
    let volumes =
      #"{"Volumes":[{"Name":"data","Labels":\#(Sample.json(labels))},"#
      + #"{"Name":"kept","Labels":\#(Sample.json(kept))}]}"#
    return try Sample.engine { request in
      switch request {
      case "GET /containers/json": .response(200, list)
      case "GET /networks":
        .response(200, #"[{"Id":"n1","Name":"net","Labels":{"mesos.container_id":"run-1"}}]"#)
      case "GET /volumes": .response(200, volumes)
      case "GET /images/i1/json": image
      case "GET /containers/c1/json": container
      default: nil
      }
    }
  }

  private func details(parent: String) -> ServerReply {
    .response(200, Sample.details("c1", host: #"{"CgroupParent":"\#(parent)"}"#))
  }

  private func image(run: String) -> ServerReply {
    .response(200, #"{"Id":"i1","Config":{"Labels":{"mesos.container_id":"\#(run)"}}}"#)
  }

  @Test("has no volume that is kept, and names objects that lack labels")
  func lists() async throws {
    let (server, engine) = try engine(image: image(run: "another"), container: nil)
    defer { server.stop() }
    let inventory = PodInventory(engine: engine, doubt: .leaveAlone)
    let found = try await inventory.observe()
    let objects = try #require(found.pods[identity]?.objects)
    #expect(objects.of(.container) == [PodObject(.container, "c1", name: "c1-name")])
    #expect(objects.of(.volume) == [PodObject(.volume, "data")])
    #expect(found.unlabeled == ["network net"])
    #expect(found.inherited.isEmpty)
  }

  @Test("skips a container whose image has the run's label, unless this process created it")
  func inherited() async throws {
    let (server, engine) = try engine(image: image(run: "run-1"), container: nil)
    defer { server.stop() }
    let inventory = PodInventory(engine: engine, doubt: .fail(identity))
    let found = try await inventory.observe(run: "run-1")
    #expect(found.inherited.map(\.container.id) == ["c1"])
    #expect(found.pods[identity]?.objects.of(.container) == [])
    let own = try await inventory.observe(run: "run-1", made: ["c1"])
    #expect(own.inherited.isEmpty)
    #expect(own.pods[identity]?.objects.of(.container).map(\.id) == ["c1"])
    // An image never changes: it is inspected once.
    _ = try await inventory.observe(run: "run-1")
    #expect(server.requests.count { Sample.name(of: $0).hasPrefix("GET /images/") } == 1)
  }

  @Test("uses the cgroup parent if the image is gone or broken, for executor and reaper")
  func broken() async throws {
    for doubt: PodInventory.Doubt in [.leaveAlone, .fail(identity)] {
      for image in [nil, Sample.refusal] {
        for (parent, isOwn) in [(Sample.parent, true), ("", false), ("/other", false)] {
          let (server, engine) = try engine(image: image, container: details(parent: parent))
          defer { server.stop() }
          let found = try await PodInventory(engine: engine, doubt: doubt).observe(run: "run-1")
          #expect((found.pods[identity]?.objects.of(.container).isEmpty == false) == isOwn)
          #expect(found.inherited.isEmpty == isOwn)
        }
      }
    }
  }

  @Test("skips an uncertain container, and fails for the executor that can own it")
  func doubt() async throws {
    let (server, engine) = try engine(image: Sample.refusal, container: Sample.refusal)
    defer { server.stop() }
    for doubt: PodInventory.Doubt in [.leaveAlone, .fail(Sample.identity(pid: 43))] {
      let found = try await PodInventory(engine: engine, doubt: doubt).observe(run: "run-1")
      #expect(found.inherited.map(\.container.id) == ["c1"])
      #expect(found.own(Sample.identity(pid: 43), made: []).hasOthers)
    }
    let own = PodInventory(engine: engine, doubt: .fail(identity))
    await #expect(throws: EngineError.self) { try await own.observe(run: "run-1") }
  }

  @Test("asks for a container whose image the engine doesn't inspect in time")
  func slow() async throws {
    var (readable, other) = (identity, identity)
    (readable.run, other.run) = ("run-2", "run-3")
    let list = [
      Sample.container("c1", image: "slow", identity),
      Sample.container("c2", image: "slow", readable), Sample.container("c3", image: "i3", other),
    ]
    let own = details(parent: Sample.parent)
    let image = image(run: "another")
    let release = DispatchSemaphore(value: 0)
    let server = try FakeHTTPServer { request in
      switch Sample.name(of: request) {
      case "GET /containers/json": return .response(200, "[\(list.joined(separator: ","))]")
      case "GET /networks": return .response(200, "[]")
      case "GET /volumes": return .response(200, #"{"Volumes":[]}"#)
      case "GET /images/slow/json":
        release.wait()
        return .response(404)
      case "GET /containers/c1/json", "GET /containers/c2/json": return own
      case "GET /images/i3/json": return image
      default: return .response(200, "OK", headers: ["Api-Version": "1.41", "OSType": "linux"])
      }
    }
    defer { server.stop() }
    defer { for _ in 0..<16 { release.signal() } }
    let engine = DockerEngine(endpoint: .unix(path: server.path), requestTimeout: .seconds(3))
    let found = try await PodInventory(engine: engine, doubt: .leaveAlone).observe()
    #expect(found.inherited.isEmpty)
    for pod in [identity, readable, other] {
      #expect(found.pods[pod]?.objects.of(.container).count == 1)
    }
    // The executor can't know whether the container is its own.
    let strict = PodInventory(engine: engine, doubt: .fail(identity))
    await #expect(throws: EngineError.self) { try await strict.observe() }
  }

  @Test("inspects unknown images concurrently", arguments: [2, 40])
  func images(count: Int) async throws {
    let list = (0..<count).map { Sample.container("c\($0)", image: "i\($0)", identity) }
    let both = DispatchGroup()
    for _ in 0..<2 { both.enter() }
    let (server, engine) = try Sample.engine { request in
      switch request {
      case "GET /containers/json": return .response(200, "[\(list.joined(separator: ","))]")
      case "GET /networks": return .response(200, "[]")
      case "GET /volumes": return .response(200, #"{"Volumes":[]}"#)
      case "GET /images/i0/json", "GET /images/i1/json":
        // Each waits for the other.
        both.leave()
        return both.wait(timeout: .now() + 60) == .success ? image(run: "another") : nil
      default: return image(run: "another")
      }
    }
    defer { server.stop() }
    let found = try await PodInventory(engine: engine, doubt: .leaveAlone).observe()
    #expect(found.pods[identity]?.objects.of(.container).count == count)
    #expect(server.requests.count { Sample.name(of: $0).hasPrefix("GET /images/") } == count)
  }
}
