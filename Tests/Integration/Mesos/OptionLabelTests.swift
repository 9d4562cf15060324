import AgentStandIn
import Foundation
import TestSupport
import Testing

/// Labels of a task, and their expected effect.
private struct LabelCase: CustomTestStringConvertible, Sendable {
  let labels: [String: String]
  let file: String
  var state = "TASK_FINISHED"
  /// Part of the terminal update's message.
  var message = ""
  /// Part of the executor's standard error.
  var log = ""
  /// Files in the sandbox, and the beginnings of their contents.
  var files: [String: String] = [:]
  var needsMemory = false

  var testDescription: String {
    labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
  }
}

/// A service whose command is a script.
private func service(_ name: String, _ script: String, _ keys: String...) -> String {
  """
    \(name):
      image: pod-test/busybox
      command: [sh, -c, "\(script)"]
      init: true
      stop_grace_period: 0s
      volumes: [".:/box"]

  """ + keys.map { "    \($0)\n" }.joined()
}

private func file(_ services: String...) -> String { "services:\n" + services.joined() }

/// Records each start, and exits with 0 from the third on.
private let counted = "echo start >> /box/starts; [ $$(wc -l < /box/starts) -lt 3 ] || exit 0; "
private let sleeper = service("rest", "sleep 1000")
private let sick =
  "healthcheck: {test: [CMD, 'false'], interval: 200ms, retries: 1, start_period: 0s}"

private let cases = [
  LabelCase(
    labels: ["pod.roles": "job=main,rest=sidecar"], file: file(service("job", "true"), sleeper),
    message: "service 'job' exited with 0"),
  LabelCase(
    labels: ["pod.mains": "any"], file: file(service("job", "true"), sleeper),
    message: "service 'job' exited with 0"),
  LabelCase(
    labels: ["pod.roles": "rest=final", "pod.final_timeout": "1s"],
    file: file(service("job", "true"), sleeper), message: "service 'job' exited with 0",
    log: "has not exited in time"),
  LabelCase(
    labels: ["pod.on_unhealthy": "restart"],
    file: file(service("job", counted + "sleep 1000", sick)),
    message: "exited with 0", files: ["starts": "start\nstart\nstart\n"]),
  LabelCase(
    labels: ["pod.on_unhealthy": "fail"], file: file(service("job", counted + "sleep 1000", sick)),
    state: "TASK_FAILED", message: "unhealthy", files: ["starts": "start\n"]),
  LabelCase(
    labels: ["pod.on_oom": "restart"],
    file: file(service("job", counted + "sleep 0.5; tail /dev/zero", "mem_limit: 8m")),
    message: "exited with 0", files: ["starts": "start\nstart\nstart\n"], needsMemory: true),
  LabelCase(
    labels: ["pod.share": "net", "pod.network": "bridge", "pod.mains": "any"],
    file: file(
      service("web", "exec httpd -f -p 8080 -h /box"),
      service("job", "until wget -q -O /box/seen http://127.0.0.1:8080/page; do sleep 0.1; done")),
    files: ["seen": "a page"]),
  LabelCase(
    labels: ["pod.share": "pid"],
    file: file(service("job", "cat /proc/1/comm > /box/first")), files: ["first": "pause"]),
  LabelCase(
    labels: ["pod.task_env": "mesos"],
    file: file(service("job", "echo $$MESOS_TASK_ID > /box/id")), files: ["id": "it-"]),
  LabelCase(
    labels: ["pod.task_file": "true"],
    file: file(service("job", "cat /run/pod/task.json > /box/seen")), files: ["seen": "{\n"]),
  LabelCase(
    labels: ["pod.type": "service"], file: file(service("job", "true")), state: "TASK_FAILED",
    message: "service 'job' exited with 0"),
  LabelCase(
    labels: ["pod.split_logs": "true"], file: file(service("job", "echo said")),
    files: ["logs/job.stdout": "said\n"]),
  LabelCase(
    labels: [
      "pod.pre_launch_hook": "echo pre >> hooks", "pod.running_hook": "echo running >> hooks",
      "pod.post_stop_hook": "echo post >> hooks",
    ],
    file: file(service("job", "until grep -q running /box/hooks; do sleep 0.1; done")),
    files: ["hooks": "pre\nrunning\npost\n"]),
  LabelCase(
    labels: ["pod.pre_launch_hook": "sleep 1000", "pod.hook_timeout": "1s"],
    file: file(service("job", "true")), state: "TASK_FAILED", message: "pre-launch hook"),
]

/// Labels whose effect is visible after the pod's cleanup or in the engine, with the tests that
/// cover them.
private let elsewhere = [
  "pod.launch_timeout": "MesosEndingTests", "pod.rmi": "PolicyTaskTests",
  "pod.on_engine_restart": "EngineRestartTests, by the option",
  "pod.keep_volumes": "the tests below", "pod.keep_failed": "the tests below",
  "pod.check_service": "MesosCheckPlaceTests", "pod.disk": "DiskTaskTests",
]

@Suite("A task's label", .needsEngine, .throttled)
struct OptionLabelTests {
  private static func settings(_ labels: [String: String], behind prefix: String) -> MesosSettings {
    var settings = MesosSettings(files: ["page": "a page\n"])
    settings.make = { id, executor in
      .plain(
        id: id, executor: executor,
        labels: [("fileName", "compose.yaml")] + labels.map { (prefix + $0.key, $0.value) })
    }
    return settings
  }

  /// As Marathon writes them, and with Aurora's prefix.
  @Test(
    "has the effect of its pod option", arguments: cases,
    ["", "org.apache.aurora.metadata."])
  fileprivate func effect(_ row: LabelCase, behind prefix: String) async throws {
    let host = try #require(MesosHost.linux.first)
    guard !row.needsMemory || host.engine.has("memory") else { return }
    try await withMesosPod(on: host, row.file, Self.settings(row.labels, behind: prefix)) { pod in
      let end = try await pod.ended()
      #expect(end.state == row.state, "\(end.message ?? "") \(pod.run.text("stderr"))")
      let message = end.message ?? ""
      #expect(row.message.isEmpty || message.contains(row.message), "\(message)")
      #expect(try await pod.exited() == .exited(0))
      #expect(
        row.log.isEmpty || pod.run.text("stderr").contains(row.log), "\(pod.run.text("stderr"))")
      for (file, text) in row.files {
        #expect(pod.run.text(file).hasPrefix(text), "\(file): \(pod.run.text(file))")
      }
    }
  }

  @Test("pod.keep_volumes keeps the volumes", arguments: [true, false])
  func keptVolumes(isKept: Bool) async throws {
    let host = try #require(MesosHost.linux.first)
    let file = """
      services: {job: {image: pod-test/busybox, command: ["true"], volumes: ["data:/data"]}}
      volumes: {data: {}}
      """
    var task = ""
    func volumes() async throws -> [Substring] {
      try await host.engine.docker(
        "volume", "ls", "--quiet", "--filter", "label=mesos.task_id=\(task)"
      ).output().split(separator: "\n")
    }
    let settings = Self.settings(["pod.keep_volumes": "\(isKept)"], behind: "")
    var kept: [Substring] = []
    try await withMesosPod(on: host, file, settings) { pod in
      task = pod.task
      _ = try await pod.ended()
      _ = try await pod.exited()
      kept = try await volumes()
      for volume in kept {
        _ = try await host.engine.docker("volume", "rm", String(volume)).output()
      }
    }
    #expect(kept.count == (isKept ? 1 : 0), "\(kept)")
  }

  @Test("pod.keep_failed keeps the stopped containers of a failed pod until their removal")
  func keptFailure() async throws {
    let host = try #require(MesosHost.linux.first)
    let file = file(service("job", "echo last words; exit 3"))
    let settings = Self.settings(["pod.keep_failed": "1h"], behind: "")
    try await withMesosPod(on: host, file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED", "\(end.message ?? "")")
      _ = try await pod.exited()
      let environment = ["DOCKER_HOST": host.engine.dockerHost]
      let logs = try await Command(
        BuiltProgram.composeExecutor, ["logs", pod.task, "--no-log-prefix"],
        environment: environment
      ).output()
      #expect(logs.contains("last words"), "\(logs)")
      #expect(try await pod.containers().count == 1)
      try await Command(
        BuiltProgram.composeExecutor, ["rm", pod.task], environment: environment
      ).output()
      #expect(try await pod.containers().isEmpty)
    }
  }

  @Test("has a test case for every option")
  func complete() throws {
    let page = try SourceTree.text("docs/reference/settings.md")
    let known = Set(page.matches(of: /\| `(pod\.[a-z_]+)` \|/).map { String($0.1) })
    let shown = Set(cases.flatMap { $0.labels.keys }).union(elsewhere.keys)
    #expect(known.subtracting(shown).isEmpty)
    #expect(!known.isEmpty && shown.subtracting(known).isEmpty)
  }
}
