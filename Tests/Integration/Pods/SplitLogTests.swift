import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("Separate log files for each service", .needsEngine, .throttled)
struct SplitLogTests {
  private func text(_ pod: RunningPod, _ name: String) -> String? {
    try? String(contentsOfFile: pod.sandbox.path("logs/\(name)"), encoding: .utf8)
  }

  @Test(
    "don't hide the message about an impossible scale",
    arguments: [(Int.max, "the maximum of 10000"), (2000, "the maximum is 1000")])
  func huge(scale: Int, words: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services: {web: {image: pod-test/busybox, scale: \(scale)}}"
    try await withPod(on: engine, file, PodSettings(options: ["--split-logs", "true"])) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(1) && "\(end)".contains(words), "\(end)")
    }
  }

  @Test(
    "exist for two services, several containers of one, both streams, and have no prefix",
    arguments: TestEngine.all)
  func services(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [sh, -c, "echo out; echo err >&2; printf end"]
        two:
          image: pod-test/busybox
          command: [sh, -c, "echo of two"]
          scale: 2
          attach: false
      """
    let settings = PodSettings(options: ["--split-logs", "true"])
    try await withPod(on: engine, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(text(pod, "web.stdout") == "out\nend" && text(pod, "web.stderr") == "err\n")
      #expect(text(pod, "two-1.stdout") == "of two\n" && text(pod, "two-2.stdout") == "of two\n")
      #expect(text(pod, "two-1.stderr") == "")
      #expect(end.output(of: "web") == ["out", "end"] && end.output(of: "two-1").isEmpty)
    }
  }

  @Test("are continued after a restart, and don't exist without the option")
  func restart() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          restart: on-failure:2
          command: [sh, -c, "echo again; exit 4"]
      """
    for option in [["--split-logs", "8k,1"], []] {
      try await withPod(on: engine, file, PodSettings(options: option)) { pod in
        let end = try await pod.ended()
        #expect(end.message == "service 'web' exited with 4: again", "\(end)")
        #expect(text(pod, "web.stdout") == (option.isEmpty ? nil : "again\nagain\nagain\n"))
      }
    }
  }

  @Test("are rotated under load: the newest lines are kept in order", arguments: TestEngine.all)
  func load(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [seq, "1", "500000"]
      """
    let settings = PodSettings(options: ["--split-logs", "256k,3"])
    try await withPod(on: engine, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.output(of: "web").count == 500_000)
      let files = ["web.stdout.3", "web.stdout.2", "web.stdout.1", "web.stdout"]
        .compactMap { text(pod, $0) }
      #expect(files.count == 4 && files.allSatisfy { $0.utf8.count <= 256 << 10 })
      let numbers = files.joined().split(separator: "\n").compactMap { Int($0) }
      #expect(numbers.last == 500_000 && (numbers.first ?? .max) < 400_000)
      #expect(numbers == Array((numbers.first ?? 0)...500_000))
    }
  }

  @Test(
    "don't replace a tenant's files in their place, and the pod runs nevertheless",
    arguments: [
      "ln -s /tmp logs", "mkdir logs; ln -s ../own logs/web.stdout",
      "mkdir logs; mkfifo logs/web.stdout",
    ])
  func hostile(script: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = "services: {web: {image: pod-test/busybox, command: [echo, here]}}"
    var settings = PodSettings(options: ["--split-logs", "true"], files: ["own": "mine"])
    settings.shell = script + #"; exec "$@""#
    try await withPod(on: engine, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(0) && end.output(of: "web") == ["here"], "\(end)")
      #expect(end.stderr.count { $0.contains("warning: split_logs: ") } == 1, "\(end)")
      #expect(try String(contentsOfFile: pod.sandbox.path("own"), encoding: .utf8) == "mine")
    }
  }

  @Test("are requested by a task's label", arguments: MesosHost.both)
  func label(on host: MesosHost) async throws {
    var settings = MesosSettings()
    settings.task = { $0.labels.append(("pod.split_logs", "64k,1")) }
    let file = "services: {web: {image: pod-test/busybox, command: [echo, here]}}"
    try await withMesosPod(on: host, file, settings) { pod in
      #expect(try await pod.ended().state == "TASK_FINISHED")
      #expect(try await pod.exited() == .exited(0))
      #expect(pod.run.text("logs/web.stdout") == "here\n")
      #expect(pod.run.text("stdout").contains("web | here\n"))
      let owners = try [pod.run.sandbox, pod.run.sandbox + "/logs/web.stdout"].map(owner)
      #expect(owners[0] == owners[1])
    }
  }

  private func owner(of path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountID] as? Int
  }
}
