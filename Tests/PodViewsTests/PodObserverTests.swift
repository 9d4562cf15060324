import Cgroups
import DockerEngine
import Foundation
import PodControl
import PodIdentity
import PodObjects
import TestSupport
import Testing

@testable import PodViews

/// Pods of a fake engine whose executor is this process. The test chooses the responses of its
/// control socket.
@Suite("The observer of pods", .timeLimit(.minutes(2)))
struct PodObserverTests {
  private static let silent = ""

  /// Observes pods while the executor of `run-1` sends a response.
  private func observe(
    _ response: String?, containers: [(service: String, status: String)],
    inheritedBy image: String? = nil
  ) async throws -> [PodView] {
    let incarnation = Incarnation.current()
    try #require(incarnation.pid != nil && ProcessTableCheck.failure() == nil)
    var identity = Samples.identity(framework: "F")
    identity.incarnation = incarnation
    identity.host = .current()
    let list = containers.map { service, status in
      let labels = identity.labels.merging([
        PodLabel.composeService: service, PodLabel.composeContainerNumber: "1",
        PodLabel.composeOneOff: "False",
      ]) { $1 }
      return #"{"Id":"aa\#(service)","Names":["/\#(service)"],"ImageID":"i1","State":"running","#
        + #""Status":"\#(status)","Labels":\#(Self.json(labels))}"#
    }
    let labeled = Self.json([PodLabel.run: image ?? ""])
    let server = try FakeHTTPServer { request in
      if request.target == "/_ping" {
        return .response(200, "OK", headers: ["Api-Version": "1.41", "OSType": "linux"])
      }
      let path = request.target.prefix { $0 != "?" }.split(separator: "/").dropFirst()
      switch path.joined(separator: "/") {
      case "containers/json": return .response(200, "[\(list.joined(separator: ","))]")
      case "networks": return .response(200, "[]")
      case "volumes": return .response(200, #"{"Volumes":null}"#)
      case "images/i1/json":
        return .response(200, #"{"Id":"i1","Config":{"Labels":\#(labeled)}}"#)
      default: return .response(404, #"{"message":"no such thing"}"#)
      }
    }
    defer { server.stop() }
    return try await withTemporaryDirectory { directory in
      let socket = ControlSocket(
        run: "run-1", incarnation: incarnation, directory: directory.path)
      var listener: Int32?
      if let response {
        let file = try Socket.listen(on: .unix(path: socket.path))
        listener = file
        Thread.detachNewThread { Self.respond(response, on: file) }
      }
      defer {
        // Closed only here: another test may already have reused the number of a closed descriptor.
        if let listener {
          shutdown(listener, Int32(SHUT_RDWR))
          close(listener)
        }
      }
      let inventory = PodInventory(
        engine: DockerEngine(endpoint: .unix(path: server.path)), doubt: .leaveAlone)
      return try await PodObserver(
        inventory: inventory, sockets: directory.path,
        reader: CgroupReader(mounts: CgroupMounts(mountinfo: "")),
        // A busy machine responds late. The limit is short where no response ever comes.
        patience: response == Self.silent ? .seconds(1) : .seconds(60)
      ).observe(PodSelection(pod: nil))
    }
  }

  private static func respond(_ text: String, on listener: Int32) {
    let file = GNU.accept4(listener, nil, nil, O_CLOEXEC)
    guard file >= 0 else { return }
    var bytes = [UInt8](repeating: 0, count: 4096)
    _ = read(file, &bytes, bytes.count)
    if text == silent {
      // Waits until the client closes the connection.
      _ = read(file, &bytes, bytes.count)
    } else {
      _ = send(file, text, text.utf8.count, Int32(MSG_NOSIGNAL))
    }
    close(file)
  }

  private static func json(_ labels: [String: String]) -> String {
    "{" + labels.map { #""\#($0)":"\#($1)""# }.joined(separator: ",") + "}"
  }

  private func status(_ state: String, task: String = "web.1") -> String {
    #"{"version":1,"status":{"task":"\#(task)","run":"run-1","state":"\#(state)","#
      + #""message":"pulls images","cpus":1.5,"memory":1048576,"framework":"F","executor":"web.1","#
      + #""services":[{"name":"web","state":"\#(state)","restarts":3}],"ports":[]}}"# + "\n"
      + #"{"version":1,"end":true}"# + "\n"
  }

  @Test("a launching pod is listed before it has an object")
  func launching() async throws {
    let views = try await observe(status("launching"), containers: [])
    #expect(views.map(\.state) == [.launching])
    #expect(views.map(\.identity.taskID) == ["web.1"])
    #expect(views.map(\.identity.frameworkID) == ["F"])
    #expect(views.map(\.message) == ["pulls images"])
    #expect(views.map(\.up) == [0])
    #expect(views.map(\.services.count) == [1])
  }

  @Test("an executor's status is its pod's, and another task of the executor is a separate pod")
  func responding() async throws {
    let views = try await observe(
      status("stopping"), containers: [("web", "Up 1 second")])
    #expect(views.map(\.state) == [.stopping])
    #expect(views.map(\.restarts) == [3])
    #expect(views.map(\.memoryLimit) == [1 << 20])
    let two = try await observe(
      status("running", task: "web.2"), containers: [("web", "Up 1 second")])
    #expect(two.map(\.identity.taskID) == ["web.1", "web.2"])
    #expect(two.map(\.silence) == [ControlError.absent.description, nil])
  }

  @Test(
    "without a response in a second the state follows from the containers",
    arguments: [silent, "garbage\n", "{}\n", #"{"version":1,"end":true,"error":"no"}"# + "\n"])
  func silence(_ response: String) async throws {
    let views = try await observe(response, containers: [("web", "Up 1 second (unhealthy)")])
    #expect(views.map(\.state) == [.unhealthy])
    #expect(views[0].silence != nil)
    let none = try await observe(nil, containers: [("web", "Up 1 second")])
    #expect(none.map(\.state) == [.running])
    #expect(none.map(\.message) == [ControlError.absent.description])
  }

  @Test("a container that inherited its labels from an image belongs to no pod")
  func inherited() async throws {
    let views = try await observe(
      nil, containers: [("web", "Up 1 second")], inheritedBy: "run-1")
    #expect(views.isEmpty)
  }
}
