import DockerEngine
import Glibc
import Program

/// `pod-reaper --once`: one pass, for cron.
package struct OncePass {
  /// What no look can rule out.
  static let reservation =
    "what the engine still makes for an executor that has just died appears later: the next pass takes it"

  let context: ReaperContext
  let format: ReportFormat

  /// - Parameters:
  ///   - context: what every command needs.
  ///   - format: how the report is printed.
  package init(context: ReaperContext, format: ReportFormat) {
    self.context = context
    self.format = format
  }

  /// Looks, waits out the grace where a proof is too young, removes, and looks again until two
  /// looks a second apart show nothing of what was removed.
  ///
  /// - Returns: the exit code.
  /// - Throws: `EngineError` where Docker can't be reached.
  package func run() async throws -> Int32 {
    try context.makeFolders()
    defer { context.handler.flush() }
    for line in context.forgottenFlags { StandardError.line("pod-reaper: \(line)") }
    let settings = context.settings
    let lock = PassLock(path: settings.runFolder + "/reaper.lock")
    var deadline: BootTime?
    var report = PassReport()
    while true {
      let step = try await lock.hold(waiting: settings.lockTimeout) { try await settle(&report) }
      guard let step else {
        StandardError.line("pod-reaper: another pass is working (\(lock.path))")
        return 4
      }
      // What the first pass has waited for, another one or a slow engine, is not taken off the time
      // for a second look.
      let limit = deadline ?? .now + settings.grace + .seconds(5)
      deadline = limit
      // The lock is free while the grace passes.
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

  /// Passes until nothing leaked appears any more: dockerd completes what a client that died had
  /// asked for, so that after a removal two looks a second apart must find nothing of it.
  ///
  /// - Returns: when a proof that is too young will be old enough.
  private func settle(_ report: inout PassReport) async throws -> BootTime? {
    var quietLooksLeft = 0
    while true {
      let pass = try await context.reaper.reap()
      let found = pass.report
      let didRemove = found.pods.contains { !$0.removed.isEmpty }
      report.take(found)
      if didRemove { quietLooksLeft = 2 } else { quietLooksLeft -= 1 }
      if found.dryRun || found.isIncomplete || quietLooksLeft <= 0 { return pass.due }
      if quietLooksLeft == 1 { try await Task.sleep(for: .seconds(1)) }
    }
  }
}

extension PassReport {
  /// Takes a later pass in: what was removed before stays in the report.
  mutating func take(_ later: PassReport) {
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
