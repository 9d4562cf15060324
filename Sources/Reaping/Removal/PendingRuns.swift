import Cgroups
import Glibc
import JSON
import Linux
import PodIdentity

/// A dead run whose cgroups are not all removed yet: the agent removes the same folders, and older
/// ones fail when they are gone before.
struct PendingRun: Codable, Sendable, Hashable {
  var run: String
  var agentID: String
  /// The cgroup's path below the hierarchies' roots.
  var path: String
  /// The boot during which the death was noticed.
  var bootID: String
  /// When, in seconds of CLOCK_BOOTTIME.
  var deadSince: Double

  /// How long after a death its run's folder is left to the agent, which removes the same folders.
  static let agentsTime = Duration.seconds(90)

  /// Whether the agent's time is over.
  func hasHadItsTime(at now: BootTime) -> Bool {
    now.sinceBoot - Duration(saidSeconds: deadSince) >= Self.agentsTime
  }
}

/// The dead runs, kept in a file from one pass to the next: without a labelled object nothing else
/// tells that such a folder is ours.
struct PendingRuns: Sendable, Equatable {
  let path: String
  private(set) var runs: [PendingRun] = []

  private let bootID: String?

  /// Reads the file; what can't be read is no run.
  init(path: String, bootID: String?) {
    self.path = path
    self.bootID = bootID
    read()
  }

  /// Takes in what another process has noted since: a service and `--once` share the file.
  mutating func read() {
    guard let text = try? TextFile.regular(path),
      let list = try? JSONDecoder().decode([PendingRun].self, from: Array(text.utf8))
    else { return }
    let known = Set(runs.map(\.path))
    // Another boot's cgroups are gone with it.
    runs += list.filter {
      $0.bootID == bootID && CgroupPath.isRun($0.path, $0.run) && !known.contains($0.path)
    }
  }

  /// Notes runs and writes the file.
  mutating func add(_ new: [PendingRun]) throws {
    let count = runs.count
    var known = Set(runs.map(\.path))
    for run in new where known.insert(run.path).inserted { runs.append(run) }
    if runs.count > count { try write() }
  }

  /// Forgets runs and writes the file.
  mutating func remove(_ done: Set<String>) throws {
    if done.isEmpty { return }
    runs.removeAll { done.contains($0.path) }
    try write()
  }

  private func write() throws {
    try PrivateFile.replace(path, with: try JSONEncoder().encode(runs))
  }
}
