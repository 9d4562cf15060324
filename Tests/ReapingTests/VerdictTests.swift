import PodIdentity
import TestSupport
import Testing

@testable import Reaping

/// A host and an incarnation on it, for verdicts.
enum Sample {
  static let host = HostFacts(
    bootID: "boot-1", machineID: "machine-1", engineIsLocal: true, processTableFailure: nil)

  static func identity(
    boot: String? = "boot-1", machine: String? = "machine-1", pid: Int32? = 42, start: UInt64? = 7,
    agent: String = "agent-1"
  ) -> PodIdentity {
    PodIdentity(
      frameworkID: "f", executorID: "e", taskID: "t", run: "run-1", agentID: agent,
      incarnation: Incarnation(bootID: boot, pid: pid, startTime: start),
      host: HostIdentity(machineID: machine), cgroupParent: "/mesos/run-1")
  }

  static func time(_ seconds: Int) -> BootTime { BootTime(sinceBoot: .seconds(seconds)) }

  static func record(_ findings: [(Int, Finding)], firstSeen: Int = 100) -> EvidenceRecord {
    var record = EvidenceRecord(firstSeen: time(firstSeen))
    for (second, finding) in findings { record.add(finding, at: time(second)) }
    return record
  }

  static func verdict(
    on host: HostFacts = host, _ findings: [(Int, Finding)], now: Int, grace: Int = 30
  ) -> Verdict { verdict(identity(), on: host, findings, now: now, grace: grace) }

  static func verdict(
    _ identity: PodIdentity, on host: HostFacts = host, _ findings: [(Int, Finding)], now: Int,
    grace: Int = 30
  ) -> Verdict {
    Verdict.decide(
      identity, on: host, by: record(findings), now: time(now), grace: .seconds(grace))
  }
}

@Suite("Verdict")
struct VerdictTests {
  @Test("is alive for a running process")
  func alive() {
    #expect(Sample.verdict([(100, .processAlive)], now: 101).state == .alive)
  }

  @Test("is leaked for an exited process after the grace")
  func gone() {
    let findings: [(Int, Finding)] = [(100, .processGone(.noProcess))]
    let young = Sample.verdict(findings, now: 129)
    #expect(young.state == .undecided)
    #expect(young.due == Sample.time(130))
    #expect(Sample.verdict(findings, now: 130).state == .leaked)
  }

  @Test(
    "needs no grace if pidfd, lease or hook confirm the process table",
    arguments: [Finding.processExitObserved, .leaseDropped, .agentReportedRemoval])
  func confirmed(by finding: Finding) {
    let findings: [(Int, Finding)] = [(100, .processGone(.noProcess)), (100, finding)]
    #expect(Sample.verdict(findings, now: 100).state == .leaked)
  }

  /// Invariant 3: without proof of death a pod is left alone.
  @Test(
    "isn't leaked only by a hook, a dropped lease, a silent agent or an empty cgroup",
    arguments: [
      Finding.leaseDropped, .agentReportedRemoval, .agentSilent("away"), .cgroupEmpty,
      .cgroupMissing,
      .agentOmits, .processUnreadable("denied"),
    ])
  func nothingAlone(_ finding: Finding) {
    #expect(Sample.verdict([(100, finding)], now: 100_000).state == .undecided)
    let unknown = Sample.identity(pid: nil, start: nil)
    #expect(Sample.verdict(unknown, [(100, finding)], now: 100_000).state == .undecided)
  }

  @Test("is alive after any sign of life, in whichever order")
  func life() {
    for life in [Finding.processAlive, .leaseHeld] {
      let findings: [(Int, Finding)] = [(110, life), (100, .processGone(.noProcess))]
      #expect(Sample.verdict(findings, now: 1000).state == .alive)
      #expect(Sample.verdict(findings.reversed(), now: 1000).state == .alive)
    }
  }

  @Test("ignores observations from before the pod was seen")
  func stale() {
    #expect(Sample.verdict([(99, .processGone(.noProcess))], now: 1000).state == .undecided)
  }

  @Test("is leaked for another boot of this machine, and foreign for another machine")
  func boots() {
    #expect(Sample.verdict(Sample.identity(boot: "boot-0"), [], now: 100).state == .leaked)
    #expect(Sample.verdict(Sample.identity(boot: "boot-0"), [], now: 10).state == .undecided)
    #expect(
      Sample.verdict(Sample.identity(boot: "boot-0", machine: "other"), [], now: 100).state
        == .foreign)
    #expect(
      Sample.verdict(Sample.identity(boot: "boot-0", machine: nil), [], now: 100).state
        == .undecided)
    #expect(
      Sample.verdict(Sample.identity(boot: nil, machine: nil), [], now: 100).state == .undecided)
  }

  @Test("treats the same boot as this host, whatever the machine ID")
  func sameBoot() {
    let identity = Sample.identity(machine: "container's")
    #expect(Sample.verdict(identity, [(100, .processGone(.noProcess))], now: 200).state == .leaked)
  }

  /// Invariant 3: in doubt a pod is undecided.
  @Test("is undecided for every pod with an engine over TCP or a failed self-check")
  func blind() {
    let findings: [(Int, Finding)] = [(100, .processGone(.noProcess)), (100, .processExitObserved)]
    var remote = Sample.host
    remote.engineIsLocal = false
    var hidden = Sample.host
    hidden.processTableFailure = "hidepid"
    for host in [remote, hidden] {
      #expect(Sample.verdict(on: host, findings, now: 1000).state == .undecided)
      let old = Sample.identity(boot: "boot-0")
      #expect(Sample.verdict(old, on: host, findings, now: 1000).state == .undecided)
    }
  }

  @Test("needs two observations of an empty cgroup and the agent's response without a pid")
  func byRun() {
    let identity = Sample.identity(pid: nil, start: nil)
    let empty: [(Int, Finding)] = [(100, .cgroupEmpty), (140, .cgroupMissing)]
    #expect(Sample.verdict(identity, empty, now: 141).state == .undecided)
    #expect(Sample.verdict(identity, empty + [(140, .agentOmits)], now: 141).state == .leaked)
    #expect(Sample.verdict(identity, empty + [(140, .sentinel)], now: 141).state == .leaked)
    let close: [(Int, Finding)] = [(100, .cgroupEmpty), (120, .cgroupEmpty), (120, .agentOmits)]
    #expect(Sample.verdict(identity, close, now: 1000).state == .undecided)
    for life in [
      Finding.agentLists, .cgroupPopulated(1), .leaseHeld, .checkpointedProcess(9),
    ] {
      let findings = empty + [(140, .agentOmits), (141, life)]
      #expect(Sample.verdict(identity, findings, now: 200).state == .alive, "\(life)")
    }
  }

  @Test("needs two new observations after a populated cgroup")
  func populatedBetween() {
    let identity = Sample.identity(pid: nil, start: nil)
    let findings: [(Int, Finding)] = [
      (100, .cgroupEmpty), (110, .cgroupPopulated(1)), (135, .cgroupEmpty), (140, .cgroupEmpty),
      (140, .agentOmits),
    ]
    #expect(Sample.verdict(identity, findings, now: 141).state == .undecided)
  }
}

@Suite("Verdicts on generated histories")
struct VerdictPropertyTests {
  /// The findings of truthful sources about a living incarnation, with or without a known pid.
  private static func truth(pidKnown: Bool) -> [Finding] {
    var findings: [Finding] = [
      .processAlive, .processUnreadable("denied"), .cgroupPopulated(1), .cgroupUnreadable("x"),
      .agentLists, .agentSilent("away"), .leaseHeld, .leaseDropped, .agentReportedRemoval,
    ]
    // Under the posix launcher the executor isn't in its pod's cgroup.
    findings += [.cgroupEmpty, .cgroupMissing]
    findings += [.checkpointedProcess(9), .checkpointSilent, .leaseReleased]
    if !pidKnown { findings.removeAll { $0 == .processAlive } }
    return findings
  }

  @Test("are never leaked while the incarnation lives, despite order, loss, delay or repetition")
  func living() async {
    var random = SeededGenerator(for: "verdicts")
    for round in 0..<20_000 {
      if round % 100 == 0 { await Task.yield() }
      let pidKnown = Bool.random(using: &random)
      let identity =
        pidKnown ? Sample.identity() : Sample.identity(pid: nil, start: nil)
      let truth = Self.truth(pidKnown: pidKnown)
      var record = EvidenceRecord(firstSeen: Sample.time(100))
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        guard let finding = truth.randomElement(using: &random) else { continue }
        let time = Sample.time(Int.random(in: 50...400, using: &random))
        for _ in 0...Int.random(in: 0...2, using: &random) { record.add(finding, at: time) }
        // Before the pod was seen anything can have been true.
        if Bool.random(using: &random) {
          record.add(.processGone(.noProcess), at: Sample.time(99))
          record.add(.agentOmits, at: Sample.time(99))
          record.add(.sentinel, at: Sample.time(99))
        }
        let verdict = Verdict.decide(
          identity, on: Sample.host, by: record,
          now: Sample.time(Int.random(in: 400...100_000, using: &random)),
          grace: .seconds(Int.random(in: 0...60, using: &random)))
        #expect(verdict.state != .leaked)
      }
    }
  }

  @Test("are leaked when it is dead and all sources respond, whatever was observed before")
  func dead() async {
    var random = SeededGenerator(for: "verdicts")
    for round in 0..<20_000 {
      if round % 100 == 0 { await Task.yield() }
      let pidKnown = Bool.random(using: &random)
      let identity =
        pidKnown ? Sample.identity() : Sample.identity(pid: nil, start: nil)
      let truth = Self.truth(pidKnown: pidKnown)
      var history: [(BootTime, Finding)] = []
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        guard let finding = truth.randomElement(using: &random) else { continue }
        history.append((Sample.time(Int.random(in: 100...400, using: &random)), finding))
      }
      history.shuffle(using: &random)
      // After its death at 400 every source is read twice, a grace apart; the kernel drops leases.
      for second in [401, 431] {
        if pidKnown { history.append((Sample.time(second), .processGone(.noProcess))) }
        history.append((Sample.time(second), .cgroupEmpty))
        history.append((Sample.time(second), .agentOmits))
        history.append((Sample.time(second), .checkpointSilent))
        history.append((Sample.time(second), .leaseDropped))
      }
      var record = EvidenceRecord(firstSeen: Sample.time(100))
      for (time, finding) in history { record.add(finding, at: time) }
      let verdict = Verdict.decide(
        identity, on: Sample.host, by: record, now: Sample.time(432), grace: .seconds(30))
      #expect(verdict.state == .leaked, "\(verdict) \(history)")
    }
  }

  @Test("depend on a bounded amount of evidence")
  func bounded() {
    var random = SeededGenerator(for: "verdicts")
    var record = EvidenceRecord(firstSeen: Sample.time(0))
    let truth = Self.truth(pidKnown: true)
    for second in 0..<5000 {
      if let finding = truth.randomElement(using: &random) {
        record.add(finding, at: Sample.time(second))
      }
      #expect(record.evidence.count < 40)
    }
  }
}
