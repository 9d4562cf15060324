import PodControl
import PodIdentity
import PodRuntime

/// Reports the figures of one pod over its executor's lease after each change, at most once per
/// second.
actor FigureReporter {
  private let pod: Pod
  private let lease: Lease
  private let begin = ContinuousClock.now
  private var figures: LeaseFigures
  private var isStopping = false
  private var waiting: Task<Void, Never>?

  /// Prepares the reports of a pod. `follow()` sends them.
  init(_ pod: Pod, task: String, lease: Lease) {
    self.pod = pod
    self.lease = lease
    figures = LeaseFigures(task: task)
  }

  /// Reports until the history of the pod is closed, and then a last time.
  func follow() async {
    for await event in pod.history.subscribe() {
      add(event)
      reportSoon()
    }
    waiting?.cancel()
    await report()
  }

  private func add(_ event: PodEvent) {
    switch event.kind {
    case .podRunning:
      figures.launchSeconds = (ContinuousClock.now - begin) / .seconds(1)
      figures.isNewlyLaunched = true
    case .podStopping:
      isStopping = true
    case .containerExited where !isStopping:
      if event.exitCode == 0 { figures.successes += 1 } else { figures.failures += 1 }
    case .podEnded:
      figures.outcome = event.subject.flatMap { LeaseFigures.Outcome(rawValue: $0) }
    default: break
    }
  }

  /// Combines all changes within a second into one report.
  private func reportSoon() {
    guard waiting == nil else { return }
    waiting = Task {
      do { try await Task.sleep(for: .seconds(1)) } catch { return }
      self.waiting = nil
      await self.report()
    }
  }

  private func report() async {
    let services = await pod.status().services
    figures.restarts = services.reduce(0) { $0 + $1.restarts }
    figures.services = services.reduce(into: [:]) { $0[$1.figuresState, default: 0] += 1 }
    lease.report(figures)
    figures.isNewlyLaunched = false
  }
}

extension PodStatus.Service {
  fileprivate var figuresState: LeaseFigures.ServiceState {
    switch state {
    case "running": health == "unhealthy" ? .unhealthy : .running
    case "exiting", "stopping": .stopping
    case "restarting": .restarting
    case "exited": .exited
    default: .waiting
    }
  }
}
