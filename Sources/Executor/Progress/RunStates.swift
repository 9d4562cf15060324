import Compose
import Concurrency
import OrderedCollections
import PodRuntime
import Program

/// Prints the states that Mesos would receive, in order, without delaying the pod.
struct RunStates: Sendable {
  private let isJSON: Bool
  private let lines: AsyncStream<(line: [UInt8], isFirst: Bool)>.Continuation
  private let printing: Task<Void, Never>

  /// Prints to a queue.
  ///
  /// - Parameters:
  ///   - queue: prints the lines.
  ///   - isJSON: whether the lines are JSON objects.
  ///   - launched: waits until the end of the launch has been printed. All states after the first
  ///     wait for it.
  init(to queue: LineQueue, isJSON: Bool, after launched: @escaping @Sendable () async -> Void) {
    self.isJSON = isJSON
    let (stream, lines) = AsyncStream.makeStream(of: (line: [UInt8], isFirst: Bool).self)
    self.lines = lines
    printing = Task {
      for await (line, isFirst) in stream {
        if !isFirst { await launched() }
        queue.add(line)
      }
    }
  }

  /// Prints a state of a pod that has not ended.
  func report(_ update: PodUpdate, of request: PodRequest) {
    switch update {
    case .starting:
      let count = request.project.services.count
      report(
        "TASK_STARTING",
        "task \(request.taskID), run \(request.run), \(count) service\(count == 1 ? "" : "s")",
        of: request, isFirst: true)
    case .running(let addresses):
      let ports = addresses.ports.map {
        "\($0.service):\($0.port.container) on host port \($0.host)"
      }
      let message =
        ports.isEmpty
        ? "every service is up" : "every service is up; " + ports.joined(separator: ", ")
      report("TASK_RUNNING", message, of: request) {
        $0.add("ports", array: addresses.ports.map(RunJSON.port))
      }
    }
  }

  /// Prints the terminal state.
  func report(_ outcome: PodOutcome, of request: PodRequest) {
    let state =
      switch outcome.state {
      case .finished: "TASK_FINISHED"
      case .failed: "TASK_FAILED"
      case .killed: "TASK_KILLED"
      }
    report(state, outcome.line, of: request) { object in
      object.add("exitCode", Int(outcome.exitCode))
      object.add("leftovers", array: outcome.leftovers.map(JSONLine.text))
    }
  }

  /// Waits until all lines are in the queue, but no longer than a limit.
  func end(within limit: Duration) async {
    lines.finish()
    _ = await printing.hasEnded(within: limit)
  }

  private func report(
    _ state: String, _ message: String, of request: PodRequest, isFirst: Bool = false,
    adding more: (inout JSONLine) -> Void = { _ in }
  ) {
    guard isJSON else {
      let text = "\(Timestamp.now) \(state) \(Printable.line(message))\n"
      lines.yield((Array(text.utf8), isFirst))
      return
    }
    var object = JSONLine("state")
    object.add("state", state)
    object.add("message", Printable.line(message))
    object.add("task", request.taskID)
    object.add("run", request.run)
    more(&object)
    lines.yield((object.line, isFirst))
  }
}

extension PodOutcome {
  /// The exit code of `run`.
  var exitCode: Int32 {
    if !leftovers.isEmpty { return 1 }
    return switch state {
    case .finished: 0
    case .failed: mainExitCode.flatMap { $0 > 0 && $0 < 256 ? Int32($0) : nil } ?? 1
    case .killed: 130
    }
  }
}
