import Compose
import DockerEngine
import Logging
import OrderedCollections

extension Pod {
  /// Removes the images of the pod's services, as far as that was asked for and no other container uses them, and the
  /// names that were given for other builds alone.
  ///
  /// - Parameter limit: how long it may take.
  func removeImages(within limit: Duration) async {
    let order = BuildOrder(request.project.services.values)
    let names = imagesToRemove + order.tags(project: images.project)
    guard !names.isEmpty else { return }
    let engine = engine
    let log = log
    let work = Task {
      for name in names {
        do {
          try await engine.removeImage(name, force: false)
          log.info("removed image \(name)")
        } catch let error as EngineError where error.isNotFound || error.isConflict {
          // Another container's, or gone.
          log.debug("image \(name) stays: \(error.message)")
        } catch {
          log.warning("image \(name) can't be removed: \(error)")
        }
      }
    }
    if !(await work.hasEnded(within: limit)) { work.cancel() }
  }

  private var imagesToRemove: [String] {
    var names: [String] = []
    for service in request.project.services.values {
      guard let image = provided[service.name] else { continue }
      let name = service.image?.value
      let isWanted =
        switch request.options.imageRemoval {
        case .none: false
        case .local: service.build != nil && name == nil
        case .all: true
        }
      let reference = name ?? image.reference
      if isWanted, !names.contains(reference) { names.append(reference) }
    }
    return names
  }
}
