import Foundation
import TestSupport
import Testing

@Suite("An object that another client removes between two requests", .needsEngine, .throttled)
struct VanishedBetweenTests {
  private static let one = Array(TestEngine.all.prefix(1))

  @Test("as an image, between pull and create, is pulled again", arguments: one)
  func image(on engine: TestEngine) async throws {
    try await Registry.lend { registry in
      let image = try await registry.image(on: engine)
      let hold = EngineTap.Fault(request: "^POST /containers/create", holdsRequest: true)
      let file = "services:\n  web: {image: \(image), command: [sh, -c, echo here]}\n"
      try await withPod(on: engine, file, through: hold) { pod, tap in
        try await tap.isHeld()
        try await engine.docker("rmi", "-f", image).output()
        try await tap.release()
        let end = try await pod.ended()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.output(of: "web") == ["here"])
        #expect(end.stderr.filter { $0.contains("pulled \(image)") }.count == 2, "\(end)")
      }
      try await engine.docker("rmi", "-f", image).run()
    }
  }

  @Test("as an image that can't be pulled again fails the pod with its line", arguments: one)
  func imageForGood(on engine: TestEngine) async throws {
    let image = "it-gone-\(UUID().uuidString.prefix(8).lowercased())"
    try await engine.docker("tag", "pod-test/busybox", image).output()
    let hold = EngineTap.Fault(request: "^POST /containers/create", holdsRequest: true)
    let file = "services:\n  web:\n    image: \(image)\n    pull_policy: never\n"
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      try await engine.docker("rmi", image).output()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(1), "\(end)")
      #expect(end.message.hasPrefix("compose.yaml:3:"), "\(end)")
      #expect(end.message.contains(image))
    }
  }

  @Test("as a container, just before its start, is created again", arguments: one)
  func beforeStart(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/[^/]+/start", holdsRequest: true)
    let file = "services:\n  web: {image: pod-test/busybox, command: [echo, here]}\n"
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      try await engine.docker("rm", "\(pod.task)_web").output()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["here"])
    }
  }

  @Test("as an infrastructure container, before its start, is created again", arguments: one)
  func infrastructureBeforeStart(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/[^/]+/start", holdsRequest: true)
    let file = "services:\n  web: {image: pod-test/busybox, command: [echo, here]}\n"
    try await withPod(
      on: engine, file, PodSettings(options: ["--share", "net,pid"]), through: hold
    ) { pod, tap in
      try await tap.isHeld()
      // The service's container can exist already: it refers to the removed one.
      for name in try await pod.neverStarted() { try await engine.docker("rm", name).output() }
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["here"])
    }
  }

  @Test("as a pre_start's container, just before its start, is created again", arguments: one)
  func preStartBeforeStart(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/[^/]+/start", holdsRequest: true)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [echo, here]
          pre_start: [{command: [echo, prepared]}]
      """
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      try await engine.docker("rm", "\(pod.task)_web-pre_start-0").output()
      try await tap.release()
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.stdout.filter { $0.hasSuffix("prepared") }.count == 1, "\(end)")
      #expect(end.output(of: "web") == ["here"])
    }
  }

  @Test(
    "as a service's container during its pre_start is created and prepared again",
    arguments: one)
  func duringPreStart(on engine: TestEngine) async throws {
    let wait = "echo prepared > /own/word; echo once; until [ -e /gate/open ]; do sleep 0.1; done"
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [cat, /own/word]
          volumes: ["/own", "./gate:/gate"]
          pre_start: [{command: ["sh", "-c", "\(wait)"]}]
      """
    try await withPod(on: engine, file, PodSettings(files: ["gate/.keep": ""])) { pod in
      try await pod.executor.line(containing: "once")
      try await engine.docker("rm", "\(pod.task)_web").output()
      try pod.sandbox.write("gate/open", "")
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["prepared"], "\(end)")
      #expect(end.stdout.filter { $0.hasSuffix("once") }.count == 2, "\(end)")
    }
  }

  @Test(
    "as an image and its container, before its start, is provided again", arguments: one)
  func imageOfWaiting(on engine: TestEngine) async throws {
    try await Registry.lend { registry in
      let image = try await registry.image(on: engine)
      let file = """
        services:
          gate:
            image: pod-test/busybox
            command: ["sh", "-c", "until [ -e /gate/open ]; do sleep 0.1; done"]
            volumes: ["./gate:/gate"]
          web:
            image: \(image)
            command: [echo, here]
            depends_on: {gate: {condition: service_completed_successfully}}
        """
      try await withPod(on: engine, file, PodSettings(files: ["gate/.keep": ""])) { pod in
        // Another test can remove the image in the middle of a create, which the engine then
        // undoes.
        try await eventually("a container that waits, and its removal") {
          guard try await pod.neverStarted() == ["\(pod.task)_web"] else { return false }
          return try await engine.docker("rm", "\(pod.task)_web").run().status == .exited(0)
        }
        try await engine.docker("rmi", "-f", image).output()
        try pod.sandbox.write("gate/open", "")
        let end = try await pod.ended()
        #expect(end.status == .exited(0), "\(end)")
        #expect(end.output(of: "web") == ["here"], "\(end)")
        #expect(end.stderr.filter { $0.contains("pulled \(image)") }.count == 2, "\(end)")
      }
      try await engine.docker("rmi", "-f", image).run()
    }
  }

  @Test("as a network, just before a start, is created again", arguments: one)
  func networkBeforeStart(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/[^/]+/start", holdsRequest: true)
    let file = """
      services:
        a: {image: founding/base, networks: [inner, outer]}
        b: {image: founding/base, networks: [outer]}
      networks: {inner: {}, outer: {labels: {mark: kept}}}
      """
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      for network in try await Leftovers.of(run: pod.run, on: engine).networks {
        try await engine.docker("network", "rm", network).output()
      }
      try await tap.release()
      try await pod.running()
      let networks = try await pod.networks()
      #expect(networks.count == 2)
      #expect(networks.contains { $0.Labels?["mark"] == "kept" })
    }
  }

  @Test("as a volume, just before the create that needs it, is created again", arguments: one)
  func volumeBeforeCreate(on engine: TestEngine) async throws {
    let hold = EngineTap.Fault(request: "^POST /containers/create", holdsRequest: true)
    let file = """
      services:
        a: {image: founding/base, volumes: ["data:/data"]}
      volumes: {data: {labels: {mark: kept}}}
      """
    try await withPod(on: engine, file, through: hold) { pod, tap in
      try await tap.isHeld()
      for volume in try await Leftovers.of(run: pod.run, on: engine).volumes {
        try await engine.docker("volume", "rm", volume).output()
      }
      try await tap.release()
      try await pod.running()
      #expect(try await pod.volumes().map { $0.Labels?["mark"] } == ["kept"])
    }
  }
}
