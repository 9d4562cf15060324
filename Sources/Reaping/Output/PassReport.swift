import JSON
import PodIdentity
import PodObjects
import Program

/// One pod in the output of `--once`, `status` and `explain`.
package struct PodReport: Codable, Sendable {
  /// One piece of evidence.
  package struct Item: Codable, Sendable {
    /// Seconds before the report.
    package var age: Double
    /// The source of the finding.
    package var source: String
    package var words: String
    /// Its meaning for the verdict. Older services don't send it.
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
  /// The sandbox, if the agent's hook reported it.
  package var sandbox: String?
  package var containers: [String]
  package var networks: [String]
  package var volumes: [String]
  package var evidence: [Item]
  /// Seconds since the executor's death, as far as it is proven.
  package var deadFor: Double?
  /// Seconds since the start of the pod's executor; if its process isn't known in this boot, since
  /// the creation of the oldest container; without a container, since the pod was first seen.
  package var age: Double
  /// Seconds since this process first saw the pod.
  package var seenFor: Double?
  /// Seconds until a proof that is still too young will be old enough.
  package var due: Double?
  /// What an operator can do about an undecided pod.
  package var remedy: String?
  package var removed: [String: [String]] = [:]
  package var failed: [Failure] = []
  package var pending: [String] = []

  init(
    _ pod: DiscoveredPod, _ record: EvidenceRecord, _ verdict: Verdict, sandbox: String? = nil,
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
        words: Printable.text($0.finding.text), means: $0.finding.means)
    }
    deadFor = verdict.deadSince.map { (now - $0).inSeconds }
    let seen = (now - record.firstSeen).inSeconds
    age = PodAge.seconds(of: pod, at: now) ?? seen
    seenFor = seen
    due = verdict.due.map { max(0, ($0 - now).inSeconds) }
    remedy = verdict.remedy?.text
  }

  /// Adds the result of a removal.
  mutating func record(_ result: RemovalResult) {
    removed = result.removed.mapValues { $0.map { Printable.text($0) }.sorted() }
    failed = result.failed.map {
      Failure(kind: $0.kind, name: Printable.text($0.name), reason: Printable.text($0.reason))
    }
    pending = result.pending.map { Printable.text($0) }
  }
}

/// The report of one observation or pass.
package struct PassReport: Codable, Sendable {
  package var pods: [PodReport] = []
  /// Containers that inherited a pod's labels from their image.
  package var inherited: [String] = []
  /// Objects that have a run but not the full set of labels.
  /// Its key in JSON is a contract, spelled as in the first release.
  package var unlabelled: [String] = []
  /// Empty cgroups of dead runs that were removed.
  package var cgroupsRemoved: [String] = []
  /// Cgroups of dead runs that the agent must remove first.
  package var cgroupsPending: [String] = []
  /// Cgroups of dead runs that could not be removed.
  package var cgroupsFailed: [String] = []
  /// The result of image care; nil if it is off.
  package var images: ImageCareReport?
  /// Whether it is a dry run: report only.
  package var dryRun = false
  /// The state of the service, if the service made the report.
  package var service: ServiceReport?

  /// Whether a leaked object could not be removed.
  package var isIncomplete: Bool {
    !cgroupsFailed.isEmpty || pods.contains { !$0.failed.isEmpty }
  }

  /// Escapes the names of cgroups, which come from labels and from directories of others.
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
