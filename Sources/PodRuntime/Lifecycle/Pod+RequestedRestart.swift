import Compose
import Concurrency
import Logging
import OrderedCollections
import PodControl
import Synchronization

/// Why a pod refuses an operator's request.
package struct PodRefusal: Error, Sendable, CustomStringConvertible {
  /// The reason, in one line for people.
  package let description: String
}

/// Restarts on an operator's request.
extension Pod {
  /// Restarts a service's containers, whatever its restart policy. Containers that share its
  /// namespaces, or depend on it with `restart: true`, are restarted too. The policy doesn't count
  /// this restart.
  ///
  /// - Parameter service: the service's name, or one of its containers with `-N` after the name.
  /// - Throws: `PodRefusal` if the restart isn't possible, or if the service isn't running again
  ///   within the launch timeout. A failure to stop or start a container fails the pod, as it does
  ///   after an exit.
  package func restart(service: String) async throws(PodRefusal) {
    let names = try containers(of: service)
    if let reason = reasonAgainstRestart(of: service) { throw PodRefusal(description: reason) }
    restartedService = service
    changes.notifyAll()
    let result = Result()
    // A restart that has begun is completed even if its requester no longer waits.
    let work = spawn { pod in
      let refusal = await pod.finish(service, names)
      result.refusal.withLock { $0 = refusal }
      pod.restartedService = nil
      pod.changes.notifyAll()
    }
    await work.value
    if let refusal = result.refusal.withLock({ $0 }) { throw refusal }
  }

  private final class Result: Sendable {
    let refusal = Mutex<PodRefusal?>(nil)
  }

  /// Upper bound of the duration of a restart.
  ///
  /// - Returns: the launch timeout plus the grace period for stopping.
  package func timeToRestart() -> Duration { request.timeouts.launch + stopGrace + .seconds(30) }

  private func containers(of service: String) throws(PodRefusal) -> [String] {
    let all = members.values.filter { !$0.plan.isInfra }.sorted { $0.index < $1.index }
    let own = all.filter { $0.plan.service.name == service }
    let found = own.isEmpty ? all.filter { $0.plan.label == service } : own
    if !found.isEmpty { return found.map(\.name) }
    let known = request.project.services.keys.joined(separator: ", ")
    // Before the plan exists, no service has containers.
    guard !members.isEmpty || request.project.services[service] == nil else {
      throw PodRefusal(
        description: "the pod is launching: a service can be restarted when the pod is running")
    }
    throw PodRefusal(description: "the pod has no service '\(service)': it has \(known)")
  }

  private func reasonAgainstRestart(of service: String) -> String? {
    if isEnding { return ending }
    if !hasComeUp {
      return "the pod is launching: a service can be restarted when the pod is running"
    }
    return restartedService.map { "service '\($0)' is being restarted: try again" }
  }

  private var ending: String {
    "the pod is stopping" + (outcome.map { ": \($0.message)" } ?? "")
  }

  private func finish(_ service: String, _ names: [String]) async -> PodRefusal? {
    defer { for name in names { update(name) { $0.isAskedToReturn = false } } }
    do {
      // The consequence of an exit is decided first.
      try await launchWait { !names.contains { self.members[$0]?.isExiting == true } }
      let live = names.filter { members[$0]?.hasEnded == false }
      guard !live.isEmpty else {
        let code = names.compactMap { members[$0]?.exitCode }.first ?? 0
        return PodRefusal(
          description: "service '\(service)' has exited with \(code), and is not started again")
      }
      // Its own policy is about to start it, and one start is enough.
      for name in live where members[name]?.state != .running {
        update(name) { $0.isAskedToReturn = true }
      }
      try await stopAndStart(
        service, live.filter { members[$0]?.state == .running },
        logging: "an operator requested a restart",
        because: "requested by an operator")
      func isUp() -> Bool {
        live.allSatisfy { name in
          guard let member = members[name] else { return true }
          return member.hasEnded || member.state == .running && member.isUp
        }
      }
      try await wait(within: request.timeouts.launch) { isEnding || isUp() }
      try checkLaunch()
      if let name = live.first(where: { members[$0]?.hasEnded == true }) {
        return PodRefusal(
          description:
            "service '\(service)' was started again, and has exited with "
            + "\(members[name]?.exitCode ?? 0)"
        )
      }
      if !isUp() {
        let limit = request.timeouts.launch.components.seconds
        return PodRefusal(description: "service '\(service)' is not running within \(limit) s")
      }
      return nil
    } catch is CancellationError {
      // The message of a failure may need time.
      try? await wait(within: .seconds(5)) { outcome != nil }
      return PodRefusal(description: ending)
    } catch {
      fail(error)
      return PodRefusal(description: ending)
    }
  }

  /// Stops running containers after their groups, and starts all of them again: `GroupRestart`
  /// without an exit.
  ///
  /// - Parameters:
  ///   - service: the service or container that is restarted.
  ///   - names: the containers' keys.
  ///   - line: the log message.
  ///   - cause: the cause, for people.
  ///   - pause: the time between stop and start.
  /// - Throws: an error for people; `CancellationError`.
  func stopAndStart(
    _ service: String, _ names: [String], logging line: String, because cause: String,
    pause: Duration = .zero
  ) async throws {
    let group = try await group(of: names)
    // A container may have exited meanwhile: its restart policy applies.
    let owners = names.compactMap { members[$0] }.filter { $0.state == .running }
    guard !owners.isEmpty else { return }
    log.info("service '\(service)': \(line)")
    for owner in owners {
      history.record(
        .serviceRestarting, service: owner.plan.label, cause, container: owner.container)
    }
    var restart = GroupRestart(of: service)
    record(&restart, .stoppingOthers, group)
    try await stopGroup(group + owners)
    if pause > .zero { try await wait(within: pause) { isEnding } }
    record(&restart, .startingOwner)
    try await each(owners) { try await $0.startAgain($1) }
    record(&restart, .startingOthers)
    try await each(group) { try await $0.startAgainByRole($1) }
    record(&restart, .done)
  }
}
