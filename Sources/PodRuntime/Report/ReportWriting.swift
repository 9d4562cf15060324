import Concurrency
import Dispatch
import Linux
import Logging
import PodIdentity
import PodReports

/// Writes a report into a sandbox. It never fails a pod, and delays its end by half a second at
/// most.
package struct ReportWriting: Sendable {
  let sandbox: String
  let isTask: Bool
  let log: Logger

  /// Creates a writer.
  ///
  /// - Parameters:
  ///   - sandbox: the directory for the report.
  ///   - isTask: whether the directory is a task's sandbox, and not a user's own.
  ///   - log: receives the reason if no report can be written.
  package init(sandbox: String, isTask: Bool, log: Logger) {
    (self.sandbox, self.isTask, self.log) = (sandbox, isTask, log)
  }

  /// Writes a report on a separate thread, and waits for at most half a second.
  ///
  /// - Parameter report: the report.
  package func write(_ report: SandboxReport) async {
    let (results, sink) = AsyncStream<Void>.makeStream()
    DispatchQueue.global().async {
      do throws(ReportFiles.Failure) {
        let names = try ReportFiles(sandbox: sandbox).write(report)
        log.debug("report: \(names.joined(separator: ", "))")
      } catch {
        // A user may run a file in a directory of another user.
        let level: Logger.Level = error.isDenied && !isTask ? .debug : .warning
        log.log(level: level, "the pod's report can't be written to \(sandbox): \(error)")
      }
      sink.finish()
    }
    let writing = Task { for await _ in results {} }
    if !(await writing.hasEnded(within: .milliseconds(500))) {
      log.warning("the pod's report is not yet written to \(sandbox)")
    }
  }

  /// Writes the report of a task that never had a pod.
  ///
  /// - Parameters:
  ///   - identity: the IDs that the pod would have had.
  ///   - program: this program's version.
  ///   - state: `failed` or `killed`.
  ///   - message: the message of the terminal status update.
  package func write(
    _ identity: PodIdentity, program: String, state: String, message: String
  ) async {
    await write(
      SandboxReport(
        writer: .executor, program: program, time: WallClock.now, task: identity.taskID,
        executor: identity.executorID, framework: identity.frameworkID, agent: identity.agentID,
        run: identity.run, project: identity.names.project,
        outcome: .init(
          state: state, cause: state == "killed" ? "kill" : "launch", message: message)))
  }
}
