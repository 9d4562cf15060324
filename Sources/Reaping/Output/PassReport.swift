import FoundationEssentials
import PodIdentity
import Program

/// One pod as `--once`, `status` and `explain` tell it.
struct PodReport: Codable, Sendable {
  /// One piece of evidence.
  struct Item: Codable, Sendable {
    /// Seconds before the report.
    var age: Double
    /// Where it comes from.
    var source: String
    var words: String
  }
  /// An object that could not be removed.
  struct Failure: Codable, Sendable {
    var kind: String
    var name: String
    var reason: String
  }
  var verdict: String
  var why: String
  var task: String
  var run: String
  var framework: String
  var executor: String
  var agent: String
  var pid: Int32?
  var cgroup: String
  /// The sandbox, where the agent's hook told it.
  var sandbox: String?
  var containers: [String]
  var networks: [String]
  var volumes: [String]
  var evidence: [Item]
  /// Seconds since the executor is known to be dead.
  var deadFor: Double?
  /// Seconds since the pod was first seen.
  var age: Double
  var removed: [String: [String]] = [:]
  var failed: [Failure] = []
  var pending: [String] = []

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
    containers = pod.containers.map { Printable.text($0.name) }.sorted()
    networks = pod.networks.map { Printable.text($0.name) }.sorted()
    volumes = pod.volumes.map { Printable.text($0) }.sorted()
    evidence = record.evidence.sorted { $0.time < $1.time }.map {
      Item(
        age: (now - $0.time).inSeconds, source: "\($0.finding.source)",
        words: Printable.text($0.finding.words))
    }
    deadFor = verdict.deadSince.map { (now - $0).inSeconds }
    age = (now - record.firstSeen).inSeconds
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
struct PassReport: Codable, Sendable {
  var pods: [PodReport] = []
  /// Containers that inherited a pod's labels from their image.
  var inherited: [String] = []
  /// What has a run but not the full set of labels.
  var unlabelled: [String] = []
  /// Empty cgroups of dead runs that were removed.
  var cgroupsRemoved: [String] = []
  /// Cgroups of dead runs that the agent removes first.
  var cgroupsPending: [String] = []
  /// Cgroups of dead runs that could not be removed.
  var cgroupsFailed: [String] = []
  /// True where nothing was touched.
  var dryRun = false
  /// How the service does, where it reports.
  var service: ServiceReport?

  /// Whether something leaked could not be removed.
  var isIncomplete: Bool {
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
