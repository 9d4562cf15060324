import DockerEngine
import PodIdentity

extension PodInventory {
  /// The pods that have exactly this ID, with only their containers: cheap on a host with many
  /// pods.
  ///
  /// - Parameter id: a task ID, executor ID or run.
  /// - Returns: the pods; empty if none has a container.
  /// - Throws: `EngineError`.
  package func pods(named id: String) async throws -> [ListedPod] {
    let engine = engine
    @Sendable func listed(_ label: String) async throws -> [ContainerSummary] {
      try await engine.listContainers(all: true, filters: ["label": ["\(label)=\(id)"]])
    }
    async let tasks = listed(PodLabel.taskID)
    async let executors = listed(PodLabel.executorID)
    async let runs = listed(PodLabel.run)
    var pods: [PodIdentity: ListedPod] = [:]
    var seen: Set<String> = []
    for summary in try await tasks + executors + runs where seen.insert(summary.id).inserted {
      guard let identity = PodIdentity(labels: summary.labels),
        try await !isInherited(summary.id, summary.imageID, identity)
      else { continue }
      pods[identity, default: ListedPod(identity: identity)].containers
        .append(ListedContainer(summary))
    }
    return pods.values.map { $0.sorted() }
  }
}
