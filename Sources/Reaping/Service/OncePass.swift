import DockerEngine
import Glibc
import Program

/// `pod-reaper --once`: one pass, for cron.
package struct OncePass {
  /// The limitation of a pass, which is printed below the report.
  static let reservation =
    "the engine may still create objects for an executor that has just died: the next pass removes them"

  let context: ReaperContext
  let format: ReportFormat

  /// - Parameters:
  ///   - context: the settings, engine and reaper.
  ///   - format: the format of the report.
  package init(context: ReaperContext, format: ReportFormat) {
    self.context = context
    self.format = format
  }

  /// Makes a pass, waits for the end of the grace period if a proof is too young, removes, and
  /// repeats until two passes a second apart find nothing new to remove.
  ///
  /// - Returns: the exit code.
  /// - Throws: `EngineError` if Docker can't be reached.
  package func run() async throws -> Int32 {
    try context.makeDirectories()
    defer { context.handler.flush() }
    for line in context.forgottenFlags { StandardError.line("pod-reaper: \(line)") }
    let settings = context.settings
    let lock = PassLock(path: settings.runDirectory + "/reaper.lock")
    var deadline: BootTime?
    var report = PassReport()
    while true {
      let step = try await lock.hold(waiting: settings.lockTimeout) {
        try await repeatUntilQuiet(&report)
      }
      guard let step else {
        StandardError.line("pod-reaper: another pass is running (\(lock.path))")
        return 4
      }
      // The time that the first pass has waited, for another pass or a slow engine, must not
      // shorten the time for a second one.
      let limit = deadline ?? .now + settings.grace + .seconds(5)
      deadline = limit
      // The lock is released during the grace period.
      guard let due = step, due < limit else { break }
      try await Task.sleep(for: max(.milliseconds(10), due - .now))
    }
    if let failure = context.reaper.host.processTableFailure {
      StandardError.line("pod-reaper: the self-check failed, every pod stays undecided: \(failure)")
    }
    let text =
      format == .json ? try report.json() : ReportTable.text(report) + "\n" + Self.reservation
    StandardOutput.write(text + "\n")
    return report.isIncomplete ? 1 : 0
  }

  /// Repeats passes until nothing leaked appears any more: dockerd completes requests of a client
  /// that died, so after a removal two passes a second apart must find nothing.
  ///
  /// - Returns: when a proof that is still too young will be old enough.
  private func repeatUntilQuiet(_ report: inout PassReport) async throws -> BootTime? {
    var quietPassesLeft = 0
    while true {
      let pass = try await context.reaper.reap()
      let found = pass.report
      let didRemove = found.pods.contains { !$0.removed.isEmpty }
      report.add(found)
      if didRemove { quietPassesLeft = 2 } else { quietPassesLeft -= 1 }
      if found.dryRun || found.isIncomplete || quietPassesLeft <= 0 { return pass.due }
      if quietPassesLeft == 1 { try await Task.sleep(for: .seconds(1)) }
    }
  }
}

extension PassReport {
  /// Merges a later pass: earlier removals stay in the report.
  mutating func add(_ later: PassReport) {
    var merged = later
    for pod in pods where !pod.removed.isEmpty {
      if let index = merged.pods.firstIndex(where: {
        $0.run == pod.run && $0.task == pod.task && $0.pid == pod.pid
      }) {
        merged.pods[index].removed.merge(pod.removed) { $0 + $1 }
      } else {
        var gone = pod
        gone.failed = []
        merged.pods.append(gone)
      }
    }
    merged.cgroupsRemoved = Array(Set(cgroupsRemoved + later.cgroupsRemoved)).sorted()
    merged.images?.removed = (images?.removed ?? []) + (later.images?.removed ?? [])
    merged.images?.failed = Array(
      Set((images?.failed ?? []) + (later.images?.failed ?? []))
    ).sorted()
    self = merged
  }
}
