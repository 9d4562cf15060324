import Concurrency
import Dispatch
import Linux
import Logging
import PodIdentity
import PodReports

/// Writes a report beside the pod's life: it never fails a pod, and holds nobody up for long.
public struct ReportWriting: Sendable {
  let sandbox: String
  let isTask: Bool
  let log: Logger

  /// Prepares a report.
  ///
  /// - Parameters:
  ///   - sandbox: the directory that gets it.
  ///   - isTask: whether the directory is a task's sandbox, and not a user's own.
  ///   - log: is sent why there is none.
  public init(sandbox: String, isTask: Bool, log: Logger) {
    (self.sandbox, self.isTask, self.log) = (sandbox, isTask, log)
  }

  /// Writes a report on a thread of its own, and waits for that at most half a second.
  ///
  /// - Parameter report: the report.
  public func write(_ report: SandboxReport) async {
    let (results, sink) = AsyncStream<Void>.makeStream()
    DispatchQueue.global().async {
      do throws(ReportFiles.Failure) {
        let names = try ReportFiles(sandbox: sandbox).write(report)
        log.debug("report: \(names.joined(separator: ", "))")
      } catch {
        // A user may run a file of somebody else's directory.
        let level: Logger.Level = error.isDenied && !isTask ? .debug : .warning
        log.log(level: level, "no report of the pod's end in \(sandbox): \(error)")
      }
      sink.finish()
    }
    let writing = Task { for await _ in results {} }
    if !(await writing.hasEnded(within: .milliseconds(500))) {
      log.warning("the report of the pod's end takes long to be written to \(sandbox)")
    }
  }

  /// Writes the report of a task that never had a pod.
  ///
  /// - Parameters:
  ///   - identity: the IDs of what would have been its pod.
  ///   - program: this program's version.
  ///   - state: `failed` or `killed`.
  ///   - message: the message of its terminal update.
  public func write(
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
