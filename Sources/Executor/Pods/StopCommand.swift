import ArgumentParser
import PodControl
import PodIdentity
import Program
import Settings

/// `compose-executor stop POD`: stops a pod through its executor.
struct StopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stop",
    abstract: "Stop a pod, as a KILL of its framework does.",
    discussion: """
      Requests the stop from the pod's executor: the framework receives TASK_KILLED. Returns when the pod is \
      removed. A scheduler that replaces tasks, such as Marathon, may start another task.
      """)

  @OptionGroup var pod: PodArgument

  @Option(help: "How long the pod may take to stop, such as 10s. Default: the task's grace period.")
  var grace: String?

  func validate() throws {
    guard let grace else { return }
    let limit = Duration.seconds(31_536_000)
    guard let time = DurationText.parse(grace), time <= limit else {
      throw ValidationError("--grace takes a duration such as 10s or 2m, not '\(grace)'")
    }
  }

  func run() async throws {
    let target = try await ControlTarget.find(pod)
    let request = ControlRequest(
      .stop, task: target.identity.taskID,
      grace: grace.flatMap(DurationText.parse).map(\.wholeMilliseconds))
    var limit = Duration.seconds(180)
    do {
      let lines = try await target.client.responses(to: request, within: .seconds(10))
      if let within = lines.compactMap(\.within).first { limit = .milliseconds(within) }
    } catch {
      switch error {
      // The pod may just have finished. An executor that never had a socket still has its pod.
      case .absent:
        guard try await target.leftovers() != nil else { return }
        throw await target.failure(error)
      case .broken, .refused:
        guard await target.isOver() else { throw target.failure(error.description) }
        limit = .seconds(10)
      default: throw await target.failure(error, isOrder: true)
      }
    }
    try await wait(for: target, until: .now + limit)
  }

  /// Waits until the executor no longer has the task, and the engine has none of its objects.
  private func wait(for target: ControlTarget, until deadline: ContinuousClock.Instant) async throws
  {
    var pause = Duration.milliseconds(50)
    // An executor finishes its task only when nothing is left. Objects that are found after that
    // are not removed by it.
    var observations = 0
    while true {
      let isGone = target.isExecutorGone
      let isOver = if isGone { true } else { await target.isOver() }
      var problem = "it has not stopped in time"
      if isOver {
        observations += 1
        do {
          guard let left = try await target.leftovers() else { return }
          if isGone, observations > 1 { throw target.goneFailure }
          problem = "its executor has stopped it, but could not remove \(left)"
          if observations > 5 { throw target.failure(problem) }
        } catch let error as CommandError where error.message.hasPrefix(target.identity.taskID) {
          throw error
        } catch let error as CommandError {
          problem = "its remaining objects are unknown: \(error.message)"
        }
      }
      if .now >= deadline { throw target.failure(problem) }
      try await Task.sleep(for: pause)
      pause = min(pause * 2, .seconds(1))
    }
  }
}
