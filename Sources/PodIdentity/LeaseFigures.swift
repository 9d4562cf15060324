/// The figures of one pod that its executor reports over its lease, in a line such as
/// `FIGURES launched launch=0.84 running=2 failures=1 task=web.1`.
///
/// Flags and values may be in any order. The task ID is last, because it may contain spaces. The
/// parser ignores unknown flags and values, so that later versions can add some.
package struct LeaseFigures: Sendable, Equatable {
  /// The state of a service's container.
  package enum ServiceState: String, Sendable, CaseIterable {
    /// It has not started yet.
    case waiting
    /// It is running, and its health check doesn't fail.
    case running
    /// It is running, and its health check fails.
    case unhealthy
    /// It is being stopped, or its exit is being inspected.
    case stopping
    /// It has exited and is about to be started again.
    case restarting
    /// It has exited and won't be started again.
    case exited
  }

  /// The terminal state of a pod, as Mesos receives it.
  package enum Outcome: String, Sendable, CaseIterable {
    case finished, failed, killed
  }

  /// Mesos' task ID.
  package var task: String
  /// The number of service containers by state; a state without containers has no entry.
  package var services: [ServiceState: Int] = [:]
  /// The number of restarts of all services.
  package var restarts = 0
  /// The number of container exits with code 0 before the pod's outcome was decided.
  package var successes = 0
  /// The number of container exits with another code before the pod's outcome was decided.
  package var failures = 0
  /// Seconds from the start of the launch until every service was up; nil until then.
  package var launchSeconds: Double?
  /// Whether this is the first report after the launch was completed.
  package var isNewlyLaunched = false
  /// The terminal state; nil until then. Only the last line of a pod has it.
  package var outcome: Outcome?

  /// The figures of a pod that has not been launched.
  package init(task: String, outcome: Outcome? = nil) {
    self.task = task
    self.outcome = outcome
  }

  private static let start = "FIGURES "
  private static let taskName = " task="
  private static let launched = "launched"
  /// The maximum valid time of a launch, in seconds.
  private static let longest = 1e9

  /// The line, without the newline.
  package var line: String {
    var words: [String] = []
    if isNewlyLaunched { words.append(Self.launched) }
    if let outcome { words.append("ended=\(outcome.rawValue)") }
    if let launchSeconds { words.append("launch=\((launchSeconds * 1000).rounded() / 1000)") }
    words += ServiceState.allCases.map { "\($0.rawValue)=\(services[$0] ?? 0)" }
    words += ["successes=\(successes)", "failures=\(failures)", "restarts=\(restarts)"]
    return Self.start + words.joined(separator: " ") + Self.taskName + task
  }

  /// Parses a line. The result is nil if the line is of another kind, has no valid task ID, or has
  /// an invalid value.
  ///
  /// - Parameter line: the line, without the newline.
  package init?(line: String) {
    guard line.hasPrefix(Self.start), let task = Self.task(of: line),
      IDCheck.problem(task.text) == nil
    else { return nil }
    self.task = task.text
    for word in line[..<task.start].split(separator: " ").dropFirst() {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        if word == Self.launched { isNewlyLaunched = true }
        continue
      }
      let (name, value) = (String(parts[0]), String(parts[1]))
      switch name {
      case "ended":
        guard let outcome = Outcome(rawValue: value) else { return nil }
        self.outcome = outcome
      case "launch":
        guard let seconds = Double(value), seconds >= 0, seconds <= Self.longest else { return nil }
        launchSeconds = seconds
      case "successes", "failures", "restarts":
        guard let count = Int(value), count >= 0 else { return nil }
        switch name {
        case "successes": successes = count
        case "failures": failures = count
        default: restarts = count
        }
      default:
        guard let state = ServiceState(rawValue: name) else { continue }
        guard let count = Int(value), count >= 0 else { return nil }
        services[state] = count > 0 ? count : nil
      }
    }
    if launchSeconds == nil { isNewlyLaunched = false }
  }

  /// The task ID, and the index where its field starts.
  private static func task(of line: String) -> (text: String, start: String.Index)? {
    guard let name = line.firstRange(of: taskName) else { return nil }
    return (String(line[name.upperBound...]), name.lowerBound)
  }
}
