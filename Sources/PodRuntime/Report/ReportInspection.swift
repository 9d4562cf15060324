import Concurrency
import DockerEngine
import PodReports

/// Collects what the report of a pod's end holds of the engine: each container as it was before its removal, and its image.
///
/// A container is inspected right before it is removed, so that the removal of the others doesn't wait for it. An engine that
/// hangs is waited for once.
actor ReportInspection {
  /// What the engine reported.
  struct Result: Sendable {
    var containers: [String: EngineValue] = [:]
    var images: [SandboxReport.Image] = []
  }

  private let engine: DockerEngine
  private let limit: Duration
  /// Containers that are not inspected yet.
  private var open: Set<String>
  private var found = Result()
  private var images: [String: Task<SandboxReport.Image?, Never>] = [:]
  private var hangs = false

  /// Prepares to inspect containers.
  ///
  /// - Parameters:
  ///   - engine: the engine.
  ///   - containers: the IDs of those that are inspected; others are passed over.
  ///   - limit: how long a response may take.
  init(engine: DockerEngine, containers: Set<String>, limit: Duration) {
    self.engine = engine
    self.limit = limit
    open = containers
  }

  /// Inspects a container, once.
  ///
  /// - Parameter id: its ID.
  func inspect(_ id: String) async {
    guard !hangs, open.remove(id) != nil else { return }
    let engine = engine
    let asking = Task { try? await engine.inspection(of: id) }
    let watch = Task { _ = await asking.value }
    guard await watch.hasEnded(within: limit) else {
      hangs = true
      asking.cancel()
      return
    }
    guard let value = await asking.value else { return }
    found.containers[id] = value
    guard case .text(let image)? = value["Image"], images[image] == nil else { return }
    images[image] = Task {
      guard let details = try? await engine.inspectImage(image) else { return nil }
      return .init(id: details.id, names: details.repoTags, digests: details.repoDigests)
    }
  }

  /// What was found; images that the engine doesn't report in time are left out.
  func result() async -> Result {
    var result = found
    let deadline = ContinuousClock.now + limit
    for task in images.values {
      let watch = Task { _ = await task.value }
      guard await watch.hasEnded(within: deadline - .now) else {
        task.cancel()
        continue
      }
      if let image = await task.value { result.images.append(image) }
    }
    result.images.sort { $0.id < $1.id }
    return result
  }
}
