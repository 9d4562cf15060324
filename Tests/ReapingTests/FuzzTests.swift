import Foundation
import HookEvents
import Logging
import Program
import TestSupport
import PodIdentity
import PodObjects
import Testing
import YAML
import Settings

@testable import Reaping

@Suite("Mutated input of pod-reaper causes no trap", .timeLimit(.minutes(60)))
struct FuzzTests {
  @Test("a lease's line names a run or is refused")
  func leases() async {
    let texts = [
      "LEASE 1 5c1d6ff5-b2b1-4c6c-9a7b-3f2a7d0e9a11", "LEASE 1 run more words", "RELEASE",
      "FIGURES launched ended=failed launch=1.5 running=2 restarts=3 successes=0 task=web 1",
    ]
    let report = await Fuzz.drive(
      "lease lines", texts: texts, words: ["LEASE 1 ", "FIGURES ", " task=", "launch="]
    ) { text in
      if let figures = LeaseFigures(line: text) {
        return LeaseFigures(line: figures.line)?.task == figures.task
      }
      guard let run = LeaseProtocol.run(of: text) else { return false }
      return !run.isEmpty && !run.contains("/")
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("a settings file is read or refused, and so is each value")
  func settings() async throws {
    let sample = URL(fileURLWithPath: #filePath)
      .appendingPathComponent("../../../deploy/pod-reaper.yaml").standardized
    let text = """
      grace: 1.5s
      interval: 60
      stop-timeout: 3s
      journal-size: 10m
      parallel: 8
      cgroup-roots: mesos, other/one
      metrics: 127.0.0.1:9100
      log-format: json
      keep-volumes: yes
      agent-url: http://[::1]:5051
      run-dir: /run/compose-pods
      """
    let report = await Fuzz.drive(
      "settings of pod-reaper", texts: [text, try String(contentsOf: sample, encoding: .utf8)],
      words: SettingName.allCases.map(\.rawValue) + ["g", "17179869185g", "weeks", "1e9", ": "],
      isOwn: { $0 is DiagnosticError || $0 is ConfigurationError }
    ) { text in
      let file = try SettingsFile.reapers(text: text, file: "f.yaml")
      let values = file.entries.compactMap { key, entry in
        SettingName(rawValue: key).flatMap { name in entry.value.settingText.map { (name, $0) } }
      }
      let settings = try ReaperSettings(
        options: Dictionary(uniqueKeysWithValues: values), environment: [:], file: nil)
      let notifier = SystemdNotifier(environment: ["NOTIFY_SOCKET": "@nobody"])
      notifier.watchdog(for: settings.lockTimeout + .seconds(settings.removal.stopTimeout))
      return true
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("a service's response is printed or refused")
  func status() async throws {
    let text = """
      {"pods":[{"verdict":"leaked","why":"w","task":"t","run":"r","framework":"f","executor":"e",\
      "agent":"a","pid":12,"cgroup":"/c","containers":["c"],"networks":[],"volumes":[],"evidence":\
      [{"age":1.5,"source":"process table","words":"gone"}],"deadFor":3.25,"age":86400.0,\
      "removed":{"containers":["c"]},"failed":[{"kind":"volume","name":"v","reason":"busy"}],\
      "pending":[]}],"inherited":[],"unlabelled":[],"cgroupsRemoved":[],"cgroupsPending":[],\
      "cgroupsFailed":[],"dryRun":false}
      """
    let report = await Fuzz.drive(
      "answers to status", texts: [text], words: ["leaked"], isOwn: { $0 is DecodingError }
    ) { text in
      let report = try JSONDecoder().decode(PassReport.self, from: Data(text.utf8))
      _ = (StatusText.text(report, for: nil), report.pods.map { Explanation.text($0) })
      return true
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("the state files are read, whatever their contents")
  func state() async throws {
    let pending =
      #"[{"run":"r","agentID":"a","path":"/mesos/r","bootID":"b","deadSince":123.5}]"#
    let owed = #"[{"run":"r","task":"t","images":["a","b"]}]"#
    let entry = #"{"time":"","verdict":"leaked","run":"r","evidence":[]}"#
    try await withTemporaryDirectory { directory in
      let path = directory.path("state")
      let report = await Fuzz.drive("files of state", texts: [pending, owed, entry]) { text in
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let runs = PendingRuns(path: path, bootID: "b").runs
        _ = runs.map { $0.agentGraceIsOver(at: .now) }
        let debts = ImageDebts(path: path).debts
        // The journal is continued after any remains of a crash.
        try PrivateFile.append(line: Array("{}".utf8), to: path)
        return !runs.isEmpty || !debts.isEmpty
      }
      #expect(report.isSound, "\(report)")
    }
  }
}

@Suite("Numbers in the input of pod-reaper")
struct OutsideNumberTests {
  @Test("a size that doesn't fit is refused", arguments: ["17179869185g", "9223372036854775807k"])
  func size(_ text: String) throws {
    let source = SettingSources<SettingName>(
      options: [.journalSize: text], environment: [:],
      file: try SettingsFile(text: "", file: "f"))
    #expect(throws: ConfigurationError.self) { try source.size(.journalSize) }
  }

  @Test("any time of a file or a service is accepted", arguments: [1e300, -1e300, 0, 86_400])
  func times(_ seconds: Double) throws {
    let run = PendingRun(run: "r", agentID: "a", path: "/c/r", bootID: "b", deadSince: seconds)
    #expect(run.agentGraceIsOver(at: BootTime(sinceBoot: .seconds(1000))) == (seconds <= 910))
    var pod = try JSONDecoder().decode(PodReport.self, from: Data(Self.pod.utf8))
    pod.age = seconds
    pod.deadFor = seconds
    #expect(!ReportTable.text(PassReport(pods: [pod])).isEmpty)
    #expect(Explanation.text(pod).contains("dead for"))
  }

  private static let pod = """
    {"verdict":"leaked","why":"w","task":"t","run":"r","framework":"f","executor":"e","agent":"a",\
    "cgroup":"/c","containers":[],"networks":[],"volumes":[],"evidence":[],"age":1,"removed":{},\
    "failed":[],"pending":[]}
    """

  @Test(
    "an invalid watchdog interval is ignored", arguments: ["0", "-1", "x"])
  func watchdog(_ text: String) {
    let notifier = SystemdNotifier(environment: ["NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": text])
    #expect(notifier.interval == .seconds(20))
  }

  @Test("a spooled file can have any time", .enabled(if: access("/dev/shm", W_OK) == 0))
  func spoolTime() async throws {
    // A tmpfs, like /run: it stores times that other file systems round.
    let directory = "/dev/shm/reaper-fuzz-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory + "/spool", withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let name = "00000000012345678901-0000004242-00000000000000000007-00ff00ff00ff00ff-84.event"
    for (name, second) in [(name, Int.min), (name.replacing("4242", with: "4243"), Int.max)] {
      let path = "\(directory)/spool/.\(name)"
      try Data().write(to: URL(fileURLWithPath: path))
      let time = timespec(tv_sec: second, tv_nsec: 0)
      #expect(utimensat(AT_FDCWD, path, [time, time], 0) == 0)
    }
    let listener = try HookEventListener(
      socket: directory + "/notify.sock", spool: directory + "/spool", log: Logger(label: "test")
    ) { _ in }
    defer { listener.stop() }
    try await eventually("the removal of the old one") {
      // The reader can have renamed the directory.
      let names = ["/spool", "/spool.taken"].flatMap {
        (try? FileManager.default.contentsOfDirectory(atPath: directory + $0)) ?? []
      }
      return names.count { $0.hasSuffix(".event") } == 1
    }
  }
}
