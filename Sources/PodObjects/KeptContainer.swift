import Concurrency
import DockerEngine
import PodIdentity

/// A pod's container with the data that determines whether and how long it is kept after a failure.
package struct KeptContainer: Sendable, Equatable {
  /// The engine's ID.
  package let id: String
  /// Its name.
  package let name: String
  /// The end of the time for which it is kept, in seconds since 1970; nil if that isn't decided.
  package let until: Int64?
  /// Whether it has processes.
  package let isUp: Bool
  /// Whether it is of use for an examination: a service's container, or one that ran before a
  /// service.
  package let isWorth: Bool
  /// The longest time for which it may be kept, in seconds; 0 if it may not be kept.
  package let seconds: Int64

  /// Reads a container's labels and name.
  ///
  /// - Parameter summary: a container with a pod's labels.
  package init(_ summary: ContainerSummary) {
    id = summary.id
    name = summary.name
    until = KeptName(summary.name, of: summary.id)?.until
    let listed = ListedContainer(summary)
    isUp = listed.isUp || summary.state == "restarting"
    isWorth = listed.role == .service || listed.role == .hook
    seconds = PodLabel.keepFailed(summary.labels)
  }
}

extension [KeptContainer] {
  /// The end of the time for which all of them are kept, in seconds since 1970; nil if that isn't
  /// decided for all, or if one has processes.
  package var keptUntil: Int64? {
    guard !isEmpty, allSatisfy({ $0.until != nil && !$0.isUp }) else { return nil }
    return compactMap(\.until).max()
  }
}

/// Stops containers of a failed pod and marks them as kept. Containers that only hold resources for
/// others are removed.
package struct PodKeeper: Sendable {
  let engine: DockerEngine
  /// The longest time in seconds for a running container to stop before it is killed.
  let stopTimeout: Int

  /// Prepares to keep pods.
  ///
  /// - Parameters:
  ///   - engine: the engine.
  ///   - stopTimeout: the longest time in seconds for a running container to stop before it is
  ///     killed.
  package init(engine: DockerEngine, stopTimeout: Int) {
    self.engine = engine
    self.stopTimeout = stopTimeout
  }

  /// Keeps containers: afterwards none has processes, and each name includes the end of the time
  /// for which it is kept.
  ///
  /// - Parameters:
  ///   - containers: all containers of the pod.
  ///   - until: the end of that time, in seconds since 1970; a time that was decided before takes
  ///     precedence.
  /// - Throws: `EngineError` of the first container that can't be kept; changes to others remain.
  package func keep(_ containers: [KeptContainer], until: Int64) async throws {
    let decided = containers.compactMap(\.until).max() ?? until
    try await withThrowingTaskGroup(of: Void.self) { group in
      for container in containers {
        group.addTask {
          try await withoutCancellation { try await keep(container, until: decided) }
        }
      }
      try await group.waitForAll()
    }
  }

  private func keep(_ container: KeptContainer, until: Int64) async throws {
    let id = container.id
    do {
      guard container.isWorth else {
        return try await engine.removeContainer(id, force: true, volumes: true)
      }
      // The list may be older than the container's exit.
      if container.isUp { try await engine.stopContainer(id, timeout: stopTimeout) }
      guard container.until == nil else { return }
      try await engine.renameContainer(
        id, to: KeptName(container.name, until: until).text(of: id))
    } catch let error as EngineError where error.isNotFound {
      // Another process has removed it.
    }
  }
}
