import Compose
import Concurrency
import Logging
import PodControl

extension Pod {
  /// The reaction to a failure of a service. The service's own setting overrides the pod's option.
  func reaction(
    of name: String, _ own: KeyPath<ServicePodSettings, FailureReaction?>,
    or common: FailureReaction
  ) -> FailureReaction {
    guard let plan = members[name]?.plan, !plan.isInfra else { return .fail }
    return plan.service.podSettings[keyPath: own] ?? common
  }

  /// Whether a container that was killed for memory is restarted: its reaction is `restart`, and
  /// its own limit was exceeded. If the task's limit was exceeded, the pod fails.
  func restartsAfterOutOfMemory(_ member: PodContainer) async -> Bool {
    guard member.mayRestart, member.plan.service.memoryLimit != nil,
      reaction(of: member.name, \.onOutOfMemory, or: request.options.onOutOfMemory) == .restart
    else { return false }
    return await taskMemoryLimit() == nil
  }

  /// Restarts an unhealthy container together with its group.
  func restartUnhealthy(_ name: String) {
    guard let member = members[name], member.state == .running, !member.run.isUnhealthyRestart
    else { return }
    let number = member.run.number
    update(name) { $0.run.isUnhealthyRestart = true }
    spawn { pod in
      guard var member = pod.members[name], member.run.number == number, member.state == .running
      else { return }
      let pause = member.nextPause()
      pod.update(name) { known in
        (known.backoff, known.attempts, known.restarts) =
          (member.backoff, member.attempts, member.restarts)
      }
      do {
        let line = "it is unhealthy: starting it again in \(pause)"
        try await pod.stopAndStart(name, [name], logging: line, because: line, pause: pause)
      } catch is CancellationError {
        return
      } catch {
        guard pod.role(of: name) == .optional else { return pod.fail(error) }
        pod.dropOptional(name, error)
      }
    }
  }
}
