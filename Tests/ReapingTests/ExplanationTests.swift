import Foundation
import PodIdentity
import PodObjects
import Program
import TestSupport
import Testing

@testable import Reaping

/// A pod with a verdict, and its evidence.
struct ExplainedCase: Sendable, CustomTestStringConvertible {
  let name: String
  let identity: PodIdentity
  let host: HostFacts
  let findings: [(Int, Finding)]
  /// The beginning of the output of `explain`, and a part of its last line.
  let sentence: String
  let change: String
  /// The remedy, if it is undecided.
  var remedy: Remedy?

  var testDescription: String { name }

  var report: PodReport {
    let record = Sample.record(findings)
    let verdict = Verdict.decide(
      identity, on: host, by: record, now: Sample.time(110), grace: .seconds(30))
    let pod = DiscoveredPod(
      identity: identity,
      objects: [
        PodObject(.container, "1", name: "web.1_nginx"), PodObject(.network, "2", name: "web-1_n"),
        PodObject(.volume, "web-1_data"), PodObject(.container, "3", name: "web.1_redis"),
      ])
    return PodReport(pod, record, verdict, sandbox: "/var/lib/mesos/s", now: Sample.time(110))
  }

  private init(
    _ name: String, _ findings: [(Int, Finding)], identity: PodIdentity = Sample.identity(),
    host: HostFacts = Sample.host, _ sentence: String, change: String, remedy: Remedy? = nil
  ) {
    self.name = name
    self.identity = identity
    self.host = host
    self.findings = findings
    self.sentence = sentence
    self.change = change
    self.remedy = remedy
  }

  private static let unknown = Sample.identity(pid: nil, start: nil)
  private static func host(
    isLocal: Bool = true, failure: String? = nil, boot: String? = "boot-1"
  ) -> HostFacts {
    HostFacts(
      bootID: boot, machineID: "machine-1", engineIsLocal: isLocal, processTableFailure: failure)
  }

  static let all: [ExplainedCase] = [
    .init(
      "alive by its process", [(100, .processAlive)],
      "This pod is alive: its executor, process 42, is running; nothing is removed.",
      change: "It would be leaked once the process table has had no such process"),
    .init(
      "alive by its lease", [(100, .processUnreadable("denied")), (100, .leaseHeld)],
      "This pod is alive: its lease is held; nothing is removed.", change: "process table"),
    .init(
      "alive by its cgroup", [(100, .cgroupPopulated(2))], identity: unknown,
      "This pod is alive: its cgroup contains 2 processes outside the pod's containers;",
      change: "two passes, a grace period apart"),
    .init(
      "leaked", [(100, .processGone(.noProcess)), (100, .processExitObserved)],
      "This pod is leaked: its executor, process 42, is dead, since no process has its pid; the next pass removes "
        + "2 containers, 1 network, 1 volume.",
      change: "A sign of life would keep it: the executor's process"),
    .init(
      "young proof", [(100, .processGone(.pidUsedAgain))],
      "This pod is undecided: nothing is removed, because its pid belongs to another process, but the grace of 30 s "
        + "isn't over; to resolve: wait",
      change: "It is leaked in 20 s unless", remedy: Remedy.wait),
    .init(
      "unreadable process", [(100, .processUnreadable("denied"))],
      "This pod is undecided: nothing is removed, because the process table proves nothing: denied",
      change: "It would be leaked once the process table", remedy: Remedy.process),
    .init(
      "not looked for", [], "This pod is undecided: nothing is removed, because its process",
      change: "It would be leaked once", remedy: Remedy.wait),
    .init(
      "no agent", [(100, .cgroupEmpty)], identity: unknown, "This pod is undecided",
      change: "two passes", remedy: Remedy.noAgent),
    .init(
      "silent agent", [(100, .cgroupEmpty), (100, .agentSilent("away"))], identity: unknown,
      "This pod is undecided", change: "two passes", remedy: Remedy.agent),
    .init(
      "unreadable cgroup", [(100, .cgroupUnreadable("denied"))], identity: unknown,
      "This pod is undecided", change: "two passes", remedy: Remedy.cgroup),
    .init(
      "one look", [(100, .cgroupEmpty), (100, .agentOmits)], identity: unknown,
      "This pod is undecided", change: "It is leaked in 20 s", remedy: Remedy.wait),
    .init(
      "engine over TCP", [], host: host(isLocal: false), "This pod is undecided",
      change: "once", remedy: Remedy.local),
    .init(
      "hidden processes", [], host: host(failure: "hidepid"), "This pod is undecided",
      change: "once", remedy: Remedy.table),
    .init(
      "no boot ID", [], host: host(boot: nil), "This pod is undecided", change: "once",
      remedy: Remedy.table),
    .init(
      "no machine ID", [], identity: Sample.identity(boot: "boot-0", machine: nil),
      "This pod is undecided", change: "once", remedy: Remedy.machine),
    .init(
      "neither ID", [], identity: Sample.identity(boot: nil, machine: nil),
      "This pod is undecided", change: "once", remedy: Remedy.machine),
    .init(
      "foreign", [], identity: Sample.identity(boot: "boot-0", machine: "other"),
      "This pod is foreign: it is from another host", change: "remove it by hand"),
  ]
}

@Suite("The output of explain and status")
struct ExplanationTests {
  private func terminal(_ columns: Int?) -> Terminal {
    Terminal(
      descriptor: -1, mode: .never,
      environment: columns.map { ["COLUMNS": "\($0)"] } ?? [:])
  }

  private func letters(_ text: String) -> String { text.filter { !$0.isWhitespace } }

  @Test(
    "has the plan, the evidence and what would change the verdict, at any width",
    arguments: ExplainedCase.all, [nil, 80, 200] as [Int?])
  func explanation(_ item: ExplainedCase, columns: Int?) {
    let text = Explanation.text(item.report, for: terminal(columns))
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(letters(text).hasPrefix(letters(item.sentence)), "\(text)")
    let paragraphs = text.components(separatedBy: "\n\n")
    #expect(letters(paragraphs.last ?? "").contains(letters(item.change)), "\(text)")
    #expect(item.report.remedy == item.remedy?.text)
    if let remedy = item.remedy {
      #expect(letters(text).contains(letters(remedy.text)), "\(text)")
    }
    for (_, finding) in item.findings {
      // A cell that is wrapped in its column has other cells between its lines.
      let words = "\(finding.text) \(finding.means)".split(separator: " ")
      #expect(words.allSatisfy { paragraphs[2].contains($0) }, "\(text)")
    }
    #expect(paragraphs[2].hasPrefix(item.findings.isEmpty ? "no evidence" : "WHEN"), "\(text)")
    if let columns { #expect(lines.allSatisfy { $0.count <= columns }, "\(text)") }
    #expect(letters(text).contains("sandbox/var/lib/mesos/s"))
  }

  @Test(
    "names each undecided pod, reason and remedy", arguments: [nil, 80, 200] as [Int?])
  func status(columns: Int?) throws {
    var report = PassReport(pods: ExplainedCase.all.map(\.report), dryRun: true)
    report.service = ServiceReport(healthy: true, secondsSincePass: 12)
    report.service?.since = "2026-01-01T00:00:00.000Z"
    report.service?.uptime = 7300
    report.service?.version = "1.2.3"
    report.service?.lastPass = .init(
      age: 12, seconds: 0.25, completed: true,
      result: "2 pods (1 alive, 1 leaked), removed 4 objects")
    report.service?.nextPass = 48
    let text = StatusText.text(report, for: terminal(columns))
    let all = letters(text)
    for pod in report.pods where pod.verdict == "undecided" {
      #expect(all.contains(letters("because \(pod.why)")), "\(text)")
      #expect(all.contains(letters("to do \(try #require(pod.remedy))")), "\(text)")
    }
    #expect(text.components(separatedBy: "\nundecided task").count == 13)
    #expect(all.contains(letters("running since 2026-01-01T00:00:00.000Z (2 h), version 1.2.3")))
    #expect(all.contains(letters("12 s ago, took 0.25 s: 2 pods (1 alive, 1 leaked), removed 4")))
    #expect(all.contains(letters("next pass in 48 s")))
    let width = text.split(separator: "\n").map(\.count).max() ?? 0
    if let columns { #expect(width <= columns, "\(text)") }
  }

  @Test("reports a service's fault, and nothing about a service that doesn't send its state")
  func service() {
    var report = PassReport()
    report.service = ServiceReport(healthy: false, problem: "no pass", secondsSincePass: 1)
    #expect(StatusText.text(report, for: nil) == "UNHEALTHY: no pass\nno pods\n")
    report.service?.since = "then"
    report.service?.uptime = 1
    report.service?.working = true
    report.service?.lastPass = .init(age: 3, seconds: nil, completed: false, result: "no engine")
    let text = StatusText.text(report, for: nil)
    #expect(text.contains("last pass 3 s ago: FAILED: no engine"))
    #expect(text.contains("next pass under way"))
  }

  @Test("colors verdicts only on a terminal")
  func colors() {
    let report = PassReport(pods: ExplainedCase.all.map(\.report))
    let colored = Terminal(descriptor: -1, mode: .always, environment: [:])
    #expect(StatusText.text(report, for: colored).contains("\u{1b}[32malive\u{1b}[0m"))
    #expect(StatusText.text(report, for: colored).contains("\u{1b}[33mundecided\u{1b}[0m"))
    #expect(!StatusText.text(report, for: nil).contains("\u{1b}"))
  }

  @Test("is printed for a service that sends none of the newer fields")
  func earlier() throws {
    let text = """
      {"cgroupsFailed":[],"cgroupsPending":[],"cgroupsRemoved":[],"dryRun":true,"inherited":[],"unlabelled":[],\
      "service":{"healthy":true,"secondsSincePass":3},\
      "pods":[{"verdict":"alive","why":"w","task":"t","run":"r","framework":"","executor":"e","agent":"","cgroup":"/c",\
      "containers":[],"networks":[],"volumes":[],"evidence":[{"age":1,"source":"process","words":"its process is alive"}],\
      "age":5,"removed":{},"failed":[],"pending":[]}]}
      """
    let report = try JSONDecoder().decode(PassReport.self, from: Data(text.utf8))
    #expect(StatusText.text(report, for: nil).contains("alive    t     r    5 s"))
    #expect(Explanation.text(report.pods[0]).contains("1 s ago  process  its process is alive"))
  }

  @Test("has no control character, whatever the name of a pod")
  func hostile() {
    var pod = ExplainedCase.all[4].report
    for path in [\PodReport.task, \.run, \.executor, \.cgroup, \.why, \.framework] {
      pod[keyPath: path] = "x\u{1b}[2J\ny"
    }
    pod.containers = ["c\u{1b}]0;t\u{7}"]
    for text in [Explanation.text(pod), StatusText.text(PassReport(pods: [pod]), for: nil)] {
      #expect(
        !text.contains("\u{1b}") && !text.contains("\u{7}") && !text.contains("\ny"), "\(text)")
    }
  }
}

@Suite("A pod's age")
struct PodAgeTests {
  private func age(
    _ identity: PodIdentity, created: Int64? = nil, uptime: Int = 1000
  ) -> Double? {
    var pod = DiscoveredPod(identity: identity)
    pod.created = created
    return PodAge.seconds(of: pod, at: Sample.time(uptime), bootID: "boot-1", clock: 5000)
  }

  @Test("is the age of its executor according to the kernel's start time, on this boot")
  func executor() {
    // 100 ticks per second.
    #expect(age(Sample.identity(start: 90_000), created: 10) == 100)
  }

  @Test("is the age of its oldest container if no process of this boot is known")
  func container() {
    #expect(age(Sample.identity(pid: nil, start: nil), created: 4000) == 1000)
    #expect(age(Sample.identity(boot: "boot-0"), created: 4000) == 1000)
    // A clock that was set back, and a label that anybody can have written.
    #expect(age(Sample.identity(pid: nil), created: 6000) == 0)
    #expect(age(Sample.identity(start: .max), created: 4000) == 1000)
  }

  @Test("is unknown without both")
  func unknown() { #expect(age(Sample.identity(pid: nil)) == nil) }
}
