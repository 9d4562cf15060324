import Cgroups
import Glibc
import JSON
import Linux
import PodIdentity

/// A dead run whose cgroups are not all removed yet: the agent removes the same directories, and
/// older agents fail if they are already gone.
struct PendingRun: Codable, Sendable, Hashable {
  var run: String
  var agentID: String
  /// The cgroup's path below the hierarchies' roots.
  var path: String
  /// The boot in which the death was detected.
  var bootID: String
  /// The time of the death, in seconds of CLOCK_BOOTTIME.
  var deadSince: Double

  /// How long after a death the run's cgroups are left to the agent, which removes the same
  /// directories.
  static let agentsTime = Duration.seconds(90)

  /// Whether the agent's time is over.
  func agentGraceIsOver(at now: BootTime) -> Bool {
    now.sinceBoot - Duration(reportedSeconds: deadSince) >= Self.agentsTime
  }
}

/// The dead runs, which are kept in a file between passes: without a labeled object nothing else
/// shows that such a cgroup belongs to this project.
struct PendingRuns: Sendable, Equatable {
  let path: String
  private(set) var runs: [PendingRun] = []

  private let bootID: String?

  /// Reads the file. A file that can't be read has no runs.
  init(path: String, bootID: String?) {
    self.path = path
    self.bootID = bootID
    read()
  }

  /// Adds the entries that another process has written: a service and `--once` share the file.
  mutating func read() {
    guard let text = try? TextFile.regular(path),
      let list = try? JSONDecoder().decode([PendingRun].self, from: Array(text.utf8))
    else { return }
    let known = Set(runs.map(\.path))
    // The cgroups of another boot are gone.
    runs += list.filter {
      $0.bootID == bootID && CgroupPath.isRun($0.path, $0.run) && !known.contains($0.path)
    }
  }

  /// Adds runs and writes the file.
  mutating func add(_ new: [PendingRun]) throws {
    let count = runs.count
    var known = Set(runs.map(\.path))
    for run in new where known.insert(run.path).inserted { runs.append(run) }
    if runs.count > count { try write() }
  }

  /// Removes runs and writes the file.
  mutating func remove(_ done: Set<String>) throws {
    if done.isEmpty { return }
    runs.removeAll { done.contains($0.path) }
    try write()
  }

  private func write() throws {
    try PrivateFile.replace(path, with: try JSONEncoder().encode(runs))
  }
}
