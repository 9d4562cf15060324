import JSON
import PodIdentity
import PodObjects
import Program

/// One pod as `--once`, `status` and `explain` tell it.
package struct PodReport: Codable, Sendable {
  /// One piece of evidence.
  package struct Item: Codable, Sendable {
    /// Seconds before the report.
    package var age: Double
    /// Where it comes from.
    package var source: String
    package var words: String
    /// What it means for the verdict; services before this version don't send it.
    package var means: String?
  }
  /// An object that could not be removed.
  package struct Failure: Codable, Sendable {
    package var kind: String
    package var name: String
    package var reason: String
  }
  package var verdict: String
  package var why: String
  package var task: String
  package var run: String
  package var framework: String
  package var executor: String
  package var agent: String
  package var pid: Int32?
  package var cgroup: String
  /// The sandbox, where the agent's hook told it.
  package var sandbox: String?
  package var containers: [String]
  package var networks: [String]
  package var volumes: [String]
  package var evidence: [Item]
  /// Seconds since the executor is known to be dead.
  package var deadFor: Double?
  /// Seconds since the pod's executor started; where its process isn't known to this boot, since the oldest container was
  /// created; without one, since the pod was first seen.
  package var age: Double
  /// Seconds since the pod was first seen by this process.
  package var seenFor: Double?
  /// Seconds until a proof that is too young now will be old enough.
  package var due: Double?
  /// What can be done about an undecided pod.
  package var remedy: String?
  package var removed: [String: [String]] = [:]
  package var failed: [Failure] = []
  package var pending: [String] = []

  init(
    _ pod: ObservedPod, _ record: EvidenceRecord, _ verdict: Verdict, sandbox: String? = nil,
    now: BootTime
  ) {
    let identity = pod.identity
    self.verdict = verdict.state.rawValue
    why = Printable.text(verdict.why)
    task = Printable.text(identity.taskID)
    run = Printable.text(identity.run)
    framework = Printable.text(identity.frameworkID)
    executor = Printable.text(identity.executorID)
    agent = Printable.text(identity.agentID)
    pid = identity.incarnation.pid
    cgroup = Printable.text(identity.cgroupParent)
    self.sandbox = sandbox.map { Printable.text($0) }
    func names(_ kind: PodObject.Kind) -> [String] {
      pod.objects.of(kind).map { Printable.text($0.name) }.sorted()
    }
    (containers, networks, volumes) = (names(.container), names(.network), names(.volume))
    evidence = record.evidence.sorted { $0.time < $1.time }.map {
      Item(
        age: (now - $0.time).inSeconds, source: "\($0.finding.source)",
        words: Printable.text($0.finding.words), means: $0.finding.means)
    }
    deadFor = verdict.deadSince.map { (now - $0).inSeconds }
    let seen = (now - record.firstSeen).inSeconds
    age = PodAge.seconds(of: pod, at: now) ?? seen
    seenFor = seen
    due = verdict.due.map { max(0, ($0 - now).inSeconds) }
    remedy = verdict.remedy?.text
  }

  /// Notes what a removal did.
  mutating func note(_ result: RemovalResult) {
    removed = result.removed.mapValues { $0.map { Printable.text($0) }.sorted() }
    failed = result.failed.map {
      Failure(kind: $0.kind, name: Printable.text($0.name), reason: Printable.text($0.reason))
    }
    pending = result.pending.map { Printable.text($0) }
  }
}

/// All that one look or pass has to tell.
package struct PassReport: Codable, Sendable {
  package var pods: [PodReport] = []
  /// Containers that inherited a pod's labels from their image.
  package var inherited: [String] = []
  /// What has a run but not the full set of labels.
  package var unlabelled: [String] = []
  /// Empty cgroups of dead runs that were removed.
  package var cgroupsRemoved: [String] = []
  /// Cgroups of dead runs that the agent removes first.
  package var cgroupsPending: [String] = []
  /// Cgroups of dead runs that could not be removed.
  package var cgroupsFailed: [String] = []
  /// What was done about images; nil where nobody cares for them.
  package var images: ImageCareReport?
  /// True where nothing was touched.
  package var dryRun = false
  /// How the service does, where it reports.
  package var service: ServiceReport?

  /// Whether something leaked could not be removed.
  package var isIncomplete: Bool {
    !cgroupsFailed.isEmpty || pods.contains { !$0.failed.isEmpty }
  }

  /// Sees to it that the names of cgroups, which labels and others' folders give, can be printed.
  mutating func makePrintable() {
    cgroupsRemoved = cgroupsRemoved.map { Printable.text($0) }
    cgroupsPending = cgroupsPending.map { Printable.text($0) }
    cgroupsFailed = cgroupsFailed.map { Printable.text($0) }
  }

  /// The report as JSON in one line.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
