import Concurrency
import Compose
import DockerEngine
import Logging
import YAML

extension Pod {
  /// Creates a container, and starts it after its dependencies.
  func launchContainer(
    _ container: ContainerPlan, images: [String: ResolvedImage]
  ) async throws {
    let name = container.key
    let service = container.service
    update(name) { $0.image = images[service.name] }
    try await create(name)
    for (other, dependency) in container.dependencies {
      for member in members.values.filter({ $0.plan.service.name == other }) {
        try await waitFor(member.name, dependency, of: name)
      }
    }
    for other in container.startsAfter {
      // Files that this container writes would keep the other one's image from filling the volume.
      try await launchWait {
        self.members[other].map { $0.creations != 0 || $0.hasEnded } ?? true
      }
    }
    if !service.preStart.isEmpty {
      // Once for all containers of the service.
      if container.number == 1 {
        try await runPreStart(of: container, images: images)
        preStarted.insert(service.name)
        changes.notifyAll()
      }
      try await launchWait {
        self.preStarted.contains(service.name)
          || self.members[ContainerPlan.key(of: service, number: 1)]?.hasEnded == true
      }
      guard preStarted.contains(service.name) else {
        throw LaunchFailure(description: "the pre_start of service '\(service.name)' has failed")
      }
    }
    update(name) { $0.commands = service.postStart.isEmpty ? .none : .afterStart }
    try await start(name)
    try await runPostStart(name)
  }

  private func waitFor(
    _ service: String, _ dependency: Dependency, of name: String
  ) async throws {
    guard let other = members[service] else { return }
    if !isBack(service, dependency.condition) {
      recordWaiting(of: name, for: service, dependency.condition)
    }
    switch dependency.condition {
    case .started:
      try await launchWait { self.members[service]?.hasComeUp == true }
    case .healthy:
      try await launchWait {
        guard let member = self.members[service] else { return true }
        return member.isUp || self.isGivenUp(member)
      }
      guard let member = members[service] else { break }
      if let failure = member.startFailure {
        try refuse(
          dependency, "'\(name)' waits for '\(service)', which can't be started: \(failure)")
      } else if member.health == .none {
        try refuse(
          dependency, "'\(name)' waits for '\(service)' to be healthy, but it has no healthcheck")
      } else if member.health != .healthy {
        try refuse(
          dependency,
          "'\(name)' waits for '\(service)' to be healthy, but it has \(member.hasEnded ? "exited" : "become unhealthy")"
        )
      }
    case .completedSuccessfully:
      try await launchWait {
        self.members[service]?.hasEnded == true
      }
      if let failure = members[service]?.startFailure {
        try refuse(
          dependency, "'\(name)' waits for '\(service)', which can't be started: \(failure)")
      } else if let code = members[service]?.exitCode, code != 0 {
        try refuse(
          dependency, "'\(name)' waits for '\(other.name)' to complete, but it exited with \(code)"
        )
      }
    }
  }

  /// Fails if a dependency can no longer be fulfilled, or logs a warning if the file has `required:
  /// false`.
  private func refuse(_ dependency: Dependency, _ message: String) throws(DiagnosticError) {
    if dependency.required { throw DiagnosticError(message, at: dependency.position) }
    log.warning(
      "\(dependency.position): \(message): it is started without it, because `required` is false")
  }

  /// Waits for a step of the launch.
  ///
  /// - Throws: `CancellationError` once the pod is ending, or the task is canceled.
  func launchWait(until condition: () -> Bool) async throws(CancellationError) {
    try await wait { self.isLaunchOver || condition() }
    try checkLaunch()
  }

  /// - Throws: `CancellationError` once the pod is ending, or the task is canceled.
  func checkLaunch() throws(CancellationError) {
    if isLaunchOver || Task.isCancelled { throw CancellationError() }
  }
}
