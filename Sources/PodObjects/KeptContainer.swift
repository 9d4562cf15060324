import Concurrency
import DockerEngine
import PodIdentity

/// A container of a pod, as far as it matters to keeping it after a failure.
package struct KeptContainer: Sendable, Equatable {
  /// The engine's ID.
  package let id: String
  /// Its name.
  package let name: String
  /// Until when it is kept, in seconds since 1970; nil where that isn't decided.
  package let until: Int64?
  /// Whether it has processes.
  package let isUp: Bool
  /// Whether there is something to examine: a service's container, or one that ran before a service.
  package let isWorth: Bool
  /// How long it may be kept, in seconds; 0 for not at all.
  package let seconds: Int64

  /// Reads a container's labels and name.
  ///
  /// - Parameter summary: a container that bears a pod's labels.
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
  /// Until when all of them are kept, in seconds since 1970; nil where that isn't decided of all, or one has processes.
  package var keptUntil: Int64? {
    guard !isEmpty, allSatisfy({ $0.until != nil && !$0.isUp }) else { return nil }
    return compactMap(\.until).max()
  }
}

/// Stops containers of a failed pod and marks them as kept. Containers that only hold something for others are removed.
package struct PodKeeper: Sendable {
  let engine: DockerEngine
  /// The longest that a running container may take to stop before it is killed, in seconds.
  let stopTimeout: Int

  /// Prepares to keep pods.
  ///
  /// - Parameters:
  ///   - engine: the engine.
  ///   - stopTimeout: the longest that a running container may take to stop before it is killed, in seconds.
  package init(engine: DockerEngine, stopTimeout: Int) {
    self.engine = engine
    self.stopTimeout = stopTimeout
  }

  /// Keeps containers: afterwards none has processes, and the names of all say until when they are kept.
  ///
  /// - Parameters:
  ///   - containers: all of the pod.
  ///   - until: until when, in seconds since 1970; what was decided before stands.
  /// - Throws: `EngineError` of the first that can't be kept; what was done to others stays.
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
      // A list may be older than the container's end.
      if container.isUp { try await engine.stopContainer(id, timeout: stopTimeout) }
      guard container.until == nil else { return }
      try await engine.renameContainer(
        id, to: KeptName(container.name, until: until).text(of: id))
    } catch let error as EngineError where error.isNotFound {
      // Someone else has removed it.
    }
  }
}
