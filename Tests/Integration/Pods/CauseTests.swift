import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("The cause of a failed pod", .needsEngine, .throttled)
struct CauseTests {
  @Test(
    "includes the last three lines of standard output if standard error is empty",
    arguments: TestEngine.all)
  func output(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      #"services: {web: {image: pod-test/busybox, command: [sh, -c, "seq 5; printf '\\033[31mlast'; exit 9"]}}"#
    )
    #expect(end.message == "service 'web' exited with 9: 4 / 5 / last", "\(end)")
  }

  @Test("is a full disk, according to the output of the program", arguments: TestEngine.all)
  func space(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      """
      services:
        web:
          image: pod-test/busybox
          command: [dd, if=/dev/zero, of=/full/file, bs=4k, count=100]
          tmpfs: ["/full:size=64k"]
      """)
    #expect(end.message.hasPrefix("service 'web' exited with 1: "), "\(end)")
    #expect(end.message.contains("No space left on device"), "\(end)")
    #expect(end.message.contains("; hint: a disk is full"), "\(end)")
  }

  @Test("is a program that a shell doesn't find", arguments: TestEngine.all)
  func command(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine, "services: {web: {image: pod-test/busybox, command: [sh, -c, nothing-here]}}")
    #expect(end.message.hasPrefix("service 'web' exited with 127: sh: nothing-here: "), "\(end)")
    #expect(end.message.contains("; hint: a shell exits with 127"), "\(end)")
  }

  @Test("is the container of another pod that uses the port", arguments: TestEngine.all)
  func port(on engine: TestEngine) async throws {
    let port = try FreePorts.take(1)[0]
    let file = """
      services:
        web:
          image: founding/base
          ports: ["80"]
      """
    try await withPod(on: engine, file, PodSettings(ports: [port])) { pod in
      try await pod.running()
      let end = try await podEnd(on: engine, file, PodSettings(ports: [port]))
      #expect(
        end.message.hasPrefix(
          "compose.yaml:4:13: host port \(port) of service 'web' is already in use by container "
            + "'\(pod.task)_web' of task '\(pod.task)'; hint: "), "\(end)")
    }
  }

  @Test("is an image for another architecture; the message names both", arguments: TestEngine.all)
  func architecture(on engine: TestEngine) async throws {
    let image = "it/wrong:\(UUID().uuidString.prefix(8).lowercased())"
    try await withTemporaryDirectory { directory in
      let elf =
        "\u{7f}ELF\u{2}\u{1}\u{1}" + String(repeating: "\0", count: 9) + "\u{2}\0\u{16}\0\u{1}"
      try directory.write("wrong", elf + String(repeating: "\0", count: 100))
      try await Command("chmod", ["755", directory.path("wrong")]).output()
      // The format of `docker load`. The engine doesn't check the programs in it.
      try directory.write(
        "make",
        """
        tar -cf layer.tar wrong
        layer=$(sha256sum <layer.tar | cut -d' ' -f1)
        printf '{"architecture":"s390x","os":"linux","config":{},"history":[],"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
          $layer >config.json
        printf '[{"Config":"config.json","RepoTags":["\(image)"],"Layers":["layer.tar"]}]' >manifest.json
        tar -cf image.tar config.json manifest.json layer.tar
        """)
      try await Command("/bin/sh", ["-e", "make"], directory: directory.path).output()
      try await engine.docker("load", "--input", directory.path("image.tar")).output()
    }
    let end = try await podEnd(
      on: engine, "services: {web: {image: \"\(image)\", command: [/wrong]}}")
    try await engine.docker("rmi", image).output()
    #expect(end.message.contains("exec format error"), "\(end)")
    #expect(end.message.contains("(the image is for linux/s390x, this host is "), "\(end)")
    #expect(end.message.contains("; hint: the program is for another processor"), "\(end)")
  }

  @Test("is in the status message of the task, with the same text")
  func mesos() async throws {
    let host = try #require(MesosHost.linux.first)
    let file =
      #"services: {web: {image: pod-test/busybox, command: [sh, -c, "echo a >&2; echo b >&2; exit 126"]}}"#
    try await withMesosPod(on: host, file) { pod in
      let end = try await pod.ended()
      #expect(
        end.message?.hasPrefix("service 'web' exited with 126: a / b; hint: make it executable")
          == true)
    }
  }
}
