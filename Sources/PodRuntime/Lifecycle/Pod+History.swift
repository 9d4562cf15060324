import Compose
import PodControl

extension Pod {
  /// Records the events that follow from a container's change of state.
  ///
  /// - Parameters:
  ///   - event: the container's event.
  ///   - name: the container's key.
  func record(_ event: PodContainerState.Event, of name: String) {
    guard let member = members[name] else { return }
    let (label, id) = (member.plan.label, member.container)
    switch event {
    case .created:
      history.record(.containerCreated, service: label, container: id)
    case .started:
      history.record(.containerStarted, service: label, container: id)
      if member.health == .starting { recordWaiting(of: name, for: name, .healthy) }
    case .restartDecided:
      recordExit(of: name, member.run.exit?.code)
    case .ended(let code):
      recordExit(of: name, code)
    default:
      break
    }
  }

  /// Records a change of a container's health.
  ///
  /// - Parameters:
  ///   - name: the container's key.
  ///   - before: the health before the change.
  func recordHealth(of name: String, since before: PodContainer.Health?) {
    guard let member = members[name], member.health != before else { return }
    let label = member.plan.label
    switch member.health {
    case .healthy: history.record(.serviceHealthy, service: label, container: member.container)
    case .unhealthy: history.record(.serviceUnhealthy, service: label, container: member.container)
    case .none, .starting: break
    }
  }

  private func recordExit(of name: String, _ code: Int?) {
    guard let member = members[name] else { return }
    history.record(
      .containerExited, service: member.plan.label, code.map { Self.text(exitCode: $0) } ?? "",
      container: member.container, exitCode: code)
  }

  /// Records that a service waits for another one, or for its own healthcheck.
  ///
  /// - Parameters:
  ///   - name: the key of the waiting container.
  ///   - other: the key of the container for which it waits.
  ///   - condition: the condition for which it waits.
  func recordWaiting(of name: String, for other: String, _ condition: Dependency.Condition) {
    let what =
      switch condition {
      case .started: "to start"
      case .healthy: "to become healthy"
      case .completedSuccessfully: "to complete"
      }
    guard let label = members[name]?.plan.label, let other = members[other]?.plan.label else {
      return
    }
    history.record(
      .serviceWaiting, service: label, "waiting for '\(other)' \(what)", subject: other)
  }

  /// Records the pod's outcome, and closes the history.
  func recordEnd(_ outcome: PodOutcome) {
    let left = outcome.leftovers.joined(separator: ", ")
    history.record(
      .podEnded, outcome.message + (left.isEmpty ? "" : "; not removed: \(left)"),
      subject: "\(outcome.state)")
    history.end()
  }
}
