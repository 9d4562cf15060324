import Concurrency
import DockerEngine
import PodReports

/// Collects the engine's data for the report of a pod's end: each container before its removal, and
/// its image.
///
/// A container is inspected right before it is removed, so that the removal of other containers
/// doesn't wait. After the first inspection that times out, no further container is inspected.
actor ReportInspection {
  /// The collected data.
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

  /// Creates a collector.
  ///
  /// - Parameters:
  ///   - engine: the engine.
  ///   - containers: the IDs of the containers to inspect; all others are skipped.
  ///   - limit: time limit for a response.
  init(engine: DockerEngine, containers: Set<String>, limit: Duration) {
    self.engine = engine
    self.limit = limit
    open = containers
  }

  /// Inspects a container, at most once.
  ///
  /// - Parameter id: the container's ID.
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

  /// The collected data, without images that the engine doesn't report in time.
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
