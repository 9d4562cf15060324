import Concurrency
import Dispatch
import DockerEngine
import PodIdentity
import PodObjects
import Synchronization
import TestSupport
import Testing

/// Removal requests that an engine doesn't respond to before they are released.
private final class HeldRemovals: Sendable {
  private let arrived = Mutex(0)
  private let released = DispatchSemaphore(value: 0)

  /// The number of requests that have arrived.
  var count: Int { arrived.withLock { $0 } }

  /// Blocks a request for a removal until it is released.
  @Sendable func hold(_ request: String) -> ServerReply? {
    guard request.hasPrefix("DELETE") else { return nil }
    arrived.withLock { $0 += 1 }
    released.wait()
    return nil
  }

  func release(_ count: Int) { for _ in 0..<count { released.signal() } }
}

@Suite("The remover", .timeLimit(.minutes(2)))
struct PodRemoverTests {
  private let identity = Sample.identity()
  private let objects = [
    PodObject(.container, "c1", name: "web"), PodObject(.network, "n1", name: "net"),
    PodObject(.volume, "data"),
  ]

  private func volume(of identity: PodIdentity) -> ServerReply {
    .response(200, #"{"Name":"data","Labels":\#(Sample.json(identity.labels))}"#)
  }

  /// An engine that removes everything, except as `replies` specifies.
  private func engine(
    _ replies: @escaping @Sendable (String) -> ServerReply?
  ) throws -> (server: FakeHTTPServer, engine: DockerEngine) {
    let volume = volume(of: identity)
    return try Sample.engine { request in
      if let reply = replies(request) { return reply }
      if request == "GET /volumes/data" { return volume }
      return request.hasPrefix("DELETE ") ? .response(204) : nil
    }
  }

  private func requests(_ server: FakeHTTPServer) -> [String] {
    server.requests.map(Sample.name).filter { $0 != "GET /" }
  }

  @Test("removes containers before networks and volumes, and reports the removed objects")
  func order() async throws {
    let (server, engine) = try engine { _ in nil }
    defer { server.stop() }
    let result = await PodRemover(engine: engine, policy: RemovalPolicy())
      .remove(objects, of: identity)
    #expect(result.failed.isEmpty)
    #expect(result.removed == ["containers": ["web"], "networks": ["net"], "volumes": ["data"]])
    let order = requests(server).filter { $0.hasPrefix("DELETE") }
    #expect(order.first == "DELETE /containers/c1")
    #expect(Set(order.dropFirst()) == ["DELETE /networks/n1", "DELETE /volumes/data"])
  }

  @Test("keeps a volume that has another pod's labels by now, and doesn't report it")
  func volumes() async throws {
    let other = volume(of: Sample.identity(pid: 43))
    let (server, engine) = try engine { $0 == "GET /volumes/data" ? other : nil }
    defer { server.stop() }
    let result = await PodRemover(engine: engine, policy: RemovalPolicy())
      .remove(objects, of: identity)
    #expect(result.failed.isEmpty)
    #expect(result.removed["volumes"] == nil)
    #expect(!requests(server).contains("DELETE /volumes/data"))
  }

  @Test("keeps volumes if the operator's policy requires it")
  func keepsVolumes() async throws {
    let (server, engine) = try engine { _ in nil }
    defer { server.stop() }
    let result = await PodRemover(engine: engine, policy: RemovalPolicy(keepsVolumes: true))
      .remove(objects, of: identity)
    #expect(result.removed == ["containers": ["web"], "networks": ["net"]])
    #expect(!requests(server).contains { $0.contains("/volumes/") })
  }

  @Test("disconnects dead endpoints only after the pod's containers are removed")
  func endpoints() async throws {
    let network =
      #"{"Id":"n1","Name":"net","Scope":"local","Containers":"#
      + #"{"ep-1":{"Name":"dead","EndpointID":"1"}}}"#
    let isDisconnected = Mutex(false)
    for areGone in [false, true] {
      let (server, engine) = try engine { request in
        switch request {
        case "DELETE /containers/c1": areGone ? nil : Sample.refusal
        case "DELETE /networks/n1":
          isDisconnected.withLock { $0 } ? nil : .response(403, #"{"message":"active endpoints"}"#)
        case "GET /networks/n1": .response(200, network)
        case "POST /networks/n1/disconnect":
          isDisconnected.withLock { isDisconnected -> ServerReply in
            isDisconnected = true
            return .response(200)
          }
        default: nil
        }
      }
      defer { server.stop() }
      let result = await PodRemover(engine: engine, policy: RemovalPolicy())
        .remove(objects, of: identity)
      #expect(isDisconnected.withLock { $0 } == areGone)
      #expect(result.removed["endpoints"] == (areGone ? ["dead"] : nil))
      #expect(result.failed.map(\.id) == (areGone ? [] : ["c1", "n1"]))
    }
  }

  @Test("tries once without patience, and again with it; each attempt is progress")
  func patience() async throws {
    for patience in [Duration.zero, .seconds(30)] {
      let count = Mutex(0)
      let steps = Mutex(0)
      let (server, engine) = try engine { request in
        guard request == "DELETE /containers/c1" else { return nil }
        return count.withLock { count -> ServerReply? in
          count += 1
          return count == 1 ? Sample.refusal : nil
        }
      }
      defer { server.stop() }
      let remover = PodRemover(
        engine: engine, policy: RemovalPolicy(patience: patience),
        progress: { steps.withLock { $0 += 1 } }, reason: { _ in "refused" })
      let result = await remover.remove(objects.of(.container), of: identity)
      let isPatient = patience > .zero
      #expect(count.withLock { $0 } == (isPatient ? 2 : 1))
      #expect(steps.withLock { $0 } == (isPatient ? 2 : 1))
      #expect(result.failed.map(\.reason) == (isPatient ? [] : ["refused"]))
    }
  }

  @Test("sends no removal that still waits for its permit when it is canceled")
  func waiting() async throws {
    let isSent = AsyncSemaphore(value: 0)
    let isReleased = DispatchSemaphore(value: 0)
    let (server, engine) = try engine { request in
      guard request.hasPrefix("DELETE ") else { return nil }
      isSent.signal()
      isReleased.wait()
      return nil
    }
    defer { server.stop() }
    let containers = ["c1", "c2", "c3"].map { PodObject(.container, $0) }
    let gone = Mutex<[String]>([])
    let remover = PodRemover(
      engine: engine, policy: RemovalPolicy(), gate: AsyncSemaphore(value: 1),
      removed: { object in gone.withLock { $0.append(object.id) } })
    let removal = Task { await remover.removeContainers(containers, .now + .seconds(60)) }
    try await isSent.wait()
    removal.cancel()
    for _ in containers { isReleased.signal() }
    let result = await removal.value
    #expect(requests(server).filter { $0.hasPrefix("DELETE ") }.count == 1)
    #expect(gone.withLock { $0 } == result.removed["containers"])
    #expect(result.failed.map(\.reason) == ["there was no time left", "there was no time left"])
  }

  @Test("first stops a running container, with its own timeout if that is shorter")
  func stops() async throws {
    let details = Sample.details(
      "c1", state: #"{"Running":true}"#, config: #"{"StopTimeout":3}"#)
    for (timeout, expected) in [(0, nil), (2, "t=2"), (10, "t=3")] {
      let (server, engine) = try engine { request in
        switch request {
        case "GET /containers/c1/json": .response(200, details)
        case "POST /containers/c1/stop": .response(204)
        default: nil
        }
      }
      defer { server.stop() }
      let result = await PodRemover(
        engine: engine, policy: RemovalPolicy(stopTimeout: timeout)
      ).remove(objects.of(.container), of: identity)
      #expect(result.failed.isEmpty)
      let stop = server.requests.first { Sample.name(of: $0).hasSuffix("/stop") }
      #expect(stop?.target.split(separator: "?").last.map(String.init) == expected)
    }
  }

  @Test("doesn't report an object that was already gone as a failure")
  func gone() async throws {
    let (server, engine) = try Sample.engine { _ in nil }
    defer { server.stop() }
    let result = await PodRemover(engine: engine, policy: RemovalPolicy(stopTimeout: 1))
      .remove(objects, of: identity)
    #expect(result.failed.isEmpty)
  }

  @Test("removes no more containers at once than its gate permits")
  func gate() async throws {
    let held = HeldRemovals()
    let (server, engine) = try engine(held.hold)
    defer { server.stop() }
    let gate = AsyncSemaphore(value: 2)
    let identity = identity
    let removal = Task {
      await PodRemover(engine: engine, policy: RemovalPolicy(), gate: gate).remove(
        (0..<12).map { PodObject(.container, "c\($0)") }, of: identity)
    }
    defer { held.release(12) }
    try await eventually("two requests, and ten that wait") {
      held.count == 2 && gate.waitingCount == 10
    }
    held.release(12)
    #expect(await removal.value.removed["containers"]?.count == 12)
  }

  @Test("sends no more removal requests at once than the limit that removals share")
  func sharedLimit() async throws {
    let held = HeldRemovals()
    let (server, engine) = try engine(held.hold)
    defer { server.stop() }
    let requests = AsyncSemaphore(value: 2)
    let identity = identity
    // A first attempt and a retry have gates of their own.
    let removals = ["a", "b"].map { name in
      Task {
        await PodRemover(
          engine: engine, policy: RemovalPolicy(), gate: AsyncSemaphore(value: 4),
          requests: requests
        ).remove((0..<6).map { PodObject(.container, "\(name)\($0)") }, of: identity)
      }
    }
    defer { held.release(12) }
    try await eventually("two requests, and six that wait") {
      held.count == 2 && requests.waitingCount == 6
    }
    held.release(12)
    for removal in removals {
      #expect(await removal.value.removed["containers"]?.count == 6)
    }
  }
}
