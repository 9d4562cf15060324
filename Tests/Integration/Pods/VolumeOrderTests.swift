import Foundation
import TestSupport
import Testing

/// A volume that several services share, and the service that fills it.
struct SharedVolume: Sendable, CustomTestStringConvertible {
  let title: String
  /// The services and volumes; `$ONE` and `$TWO` are images with files in /data.
  let file: String
  /// The service whose create is delayed.
  let held: String
  /// A service that must wait for it, and whether it may have a container meanwhile.
  let waits: String
  var isCreated = false

  var testDescription: String { title }

  private static func file(_ services: String, _ volumes: String = "shared: {}") -> String {
    "services:\n\(services)\n  other: {image: founding/base}\nvolumes: {\(volumes)}\n"
  }

  private static func read(_ image: String, _ mount: String, _ more: String = "") -> String {
    "{image: \(image), command: [cat, /data/who], volumes: [\(mount)]\(more)}"
  }

  /// The service that is created second must wait, and its image adds nothing to the volume.
  static let order: [SharedVolume] = [
    SharedVolume(
      title: "by depends_on",
      file: file(
        """
          late: \(read("$TWO", "'shared:/data'", ", depends_on: {first: {condition: service_completed_successfully}}"))
          first: \(read("$ONE", "'shared:/data'"))
        """),
      held: "first", waits: "late"),
    SharedVolume(
      title: "by a third service between them, in the long syntax",
      file: file(
        """
          late: \(read("$TWO", "{type: volume, source: shared, target: /data}", ", depends_on: [between]"))
          between: {image: founding/base, depends_on: {first: {condition: service_completed_successfully}}}
          first: \(read("$ONE", "{type: volume, source: shared, target: /data, read_only: true}"))
        """),
      held: "first", waits: "late"),
    SharedVolume(
      title: "by links, an external volume",
      file: file(
        """
          late: \(read("$TWO", "'shared:/data'", ", links: [first]"))
          first: \(read("$ONE", "'shared:/data'"))
        """, "shared: {external: true, name: $VOLUME}"),
      held: "first", waits: "late"),
    SharedVolume(
      title: "by the file, with replicas",
      file: file(
        """
          first: \(read("$ONE", "'shared:/data'"))
          late: \(read("$TWO", "'shared:/data'", ", scale: 2"))
        """),
      held: "first", waits: "late"),
    SharedVolume(
      title: "under two keys of one name",
      file: file(
        """
          first: \(read("$ONE", "'shared:/data'"))
          late: \(read("$TWO", "'again:/data'"))
        """, "shared: {name: same}, again: {name: same}"),
      held: "first", waits: "late"),
  ]

  /// A service that writes to the volume must wait until it has the image's content.
  static let writers: [SharedVolume] = [
    SharedVolume(
      title: "by its own mount",
      file: file(
        """
          writer: {image: pod-test/busybox, command: [sh, -c, "echo w >/v/w"], volumes: ['shared:/v']}
          first: \(read("$ONE", "'shared:/data'"))
        """),
      held: "first", waits: "writer", isCreated: true),
    SharedVolume(
      title: "by volumes_from",
      file: file(
        """
          owner: {image: pod-test/busybox, command: ["true"], volumes: ['shared:/v:nocopy']}
          writer: {image: pod-test/busybox, command: [sh, -c, "echo w >/v/w"], volumes_from: [owner]}
          first: \(read("$ONE", "'shared:/data'"))
        """),
      held: "first", waits: "writer", isCreated: true),
    SharedVolume(
      title: "by its pre_start",
      file: file(
        """
          writer:
            image: pod-test/busybox
            command: ["true"]
            volumes: ['shared:/v:nocopy']
            pre_start: [{command: [sh, -c, "echo w >/v/w"]}]
          first: \(read("$ONE", "'shared:/data'"))
        """),
      held: "first", waits: "writer", isCreated: true),
  ]
}

@Suite("A volume that an image fills", .needsEngine, .throttled)
struct VolumeOrderTests {
  /// Calls `body` with two images that have different files in /data, and an empty volume.
  private func withImages(
    on engine: TestEngine, _ body: (_ file: (String) -> String) async throws -> Void
  ) async throws {
    let mark = UUID().uuidString.lowercased()
    let (one, two) = ("pod-test/one-\(mark)", "pod-test/two-\(mark)")
    for (image, word) in [(one, "one"), (two, "two")] {
      var build = engine.docker("build", "-q", "-t", image, "-")
      build.input = "FROM pod-test/busybox\nRUN mkdir /data; echo \(word) >/data/who\n"
      try await build.output()
    }
    try await engine.docker("volume", "create", mark).output()
    try await body {
      $0.replacing("$ONE", with: one).replacing("$TWO", with: two).replacing("$VOLUME", with: mark)
    }
    try await engine.docker("volume", "rm", mark).output()
    try await engine.docker("image", "rm", one, two).output()
  }

  /// Delays the create of one service until a service that shares nothing runs.
  private func run(_ shared: SharedVolume, on engine: TestEngine) async throws {
    try await withImages(on: engine) { file in
      let hold = EngineTap.Fault(
        request: "^POST /containers/create\\?.*_\(shared.held)(&|$)", holdsRequest: true)
      try await EngineTap.with(engine, faults: [hold]) { tap in
        let settings = PodSettings(environment: ["DOCKER_HOST": tap.dockerHost])
        try await withPod(on: engine, file(shared.file), settings) { pod in
          try await tap.isHeld()
          try await eventually("the service that shares nothing") {
            try await states(of: "other", in: pod) == ["running"]
          }
          let waiting = try await states(of: shared.waits, in: pod)
          #expect(waiting == (shared.isCreated ? ["created"] : []))
          try await tap.release()
          let text = shared.isCreated ? ["first"] : ["first", shared.waits]
          for service in text {
            try await eventually("the output of \(service)") {
              pod.executor.lines().contains {
                $0.hasPrefix(service) && $0.hasSuffix("| one")
              }
            }
          }
          #expect(!pod.executor.lines().contains { $0.hasSuffix("| two") })
        }
      }
    }
  }

  private func states(of service: String, in pod: RunningPod) async throws -> [String] {
    try await pod.engine.docker(
      "ps", "-a", "--filter", "label=mesos.container_id=\(pod.run)", "--filter",
      "label=com.docker.compose.service=\(service)", "--format", "{{.State}}"
    ).output().split(separator: "\n").map(String.init)
  }

  @Test("has the content of the first service's image", arguments: SharedVolume.order)
  func order(shared: SharedVolume) async throws {
    for engine in TestEngine.all { try await run(shared, on: engine) }
  }

  @Test("is filled before any service writes to it", arguments: SharedVolume.writers)
  func writers(shared: SharedVolume) async throws {
    for engine in TestEngine.all { try await run(shared, on: engine) }
  }

  @Test("is filled in the same order after everything was removed and is created again")
  func again() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withImages(on: engine) { file in
      let common = """
        command: [cat, /data/who], volumes: ['shared:/data'],
            depends_on: {gate: {condition: service_completed_successfully}}
        """
      let late = (1..<6).map { "  late\($0): {image: $TWO, \(common)}" }.joined(separator: "\n")
      let text = file(
        """
        services:
          gate:
            image: pod-test/busybox
            command: ["sh", "-c", "until [ -e /gate/open ]; do sleep 0.1; done"]
            volumes: ["./gate:/gate"]
          first: {image: $ONE, \(common)}
        \(late)
        volumes: {shared: {}}
        """)
      try await withPod(on: engine, text, PodSettings(files: ["gate/.keep": ""])) { pod in
        try await eventually("all containers") { try await pod.services().count == 7 }
        try await eventually("the gate") {
          try await states(of: "gate", in: pod) == ["running"]
        }
        for name in try await pod.neverStarted() {
          try await engine.docker("rm", "-v", name).output()
        }
        for volume in try await pod.volumes() {
          try await engine.docker("volume", "rm", volume.Name).output()
        }
        try pod.sandbox.write("gate/open", "")
        let end = try await pod.ended()
        #expect(end.status == .exited(0), "\(end)")
        for service in ["first"] + (1..<6).map({ "late\($0)" }) {
          #expect(end.output(of: service) == ["one"], "\(end)")
        }
      }
    }
  }
}
