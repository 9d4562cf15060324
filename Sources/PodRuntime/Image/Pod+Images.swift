import Concurrency
import Compose
import DockerEngine
import Logging
import OrderedCollections
import PodIdentity
import PodObjects
import Synchronization
import YAML

extension Pod {
  /// The services and their hooks, each of which has an image.
  var imageUsers: [Service] {
    request.project.services.values.flatMap { [$0] + $0.hookImages }
  }

  /// Provides all images; one that only optional and final services use may be missing.
  func provideImages() async throws -> [String: ResolvedImage] {
    let optional = request.project.services.values.filter {
      [.optional, .final].contains(request.roles[$0.name])
    }
    let names = Set(optional.flatMap { [$0] + $0.hookImages }.map(\.name))
    let (images, failures) = try await images.provide(
      for: imageUsers, optional: names, until: (launchedAt ?? .now) + optionalPatience)
    imageFailures = failures
    if let use = self.images.use {
      for user in imageUsers {
        guard let image = images[user.name] else { continue }
        await use.identify(user.image?.value ?? image.reference, as: image.id)
      }
    }
    return images
  }

  /// Removes the images of the pod's services, if that was requested and no other container uses
  /// them, and removes the names that were given to built images.
  ///
  /// - Parameter limit: the time limit.
  func removeImages(within limit: Duration) async {
    let wanted = wantedImages
    let names = namesAlone(beside: wanted)
    guard !wanted.isEmpty || !names.isEmpty else { return }
    let engine = engine
    let log = log
    let use = images.use
    let brought = Set(provided.values.filter(\.isNew).map(\.id))
    let isIncomplete = Mutex(false)
    let work = Task {
      for image in wanted + names.map({ RemovableImage($0, isNameOnly: true) }) {
        let name = image.name
        do {
          if image.isNameOnly {
            try await withoutCancellation { try await engine.takeName(name) }
          } else {
            let isRemoved = try await ImageUse.remove(
              image, from: engine, of: use, isNew: brought.contains(image.id ?? image.name))
            log.log(
              level: isRemoved ? .info : .debug,
              isRemoved
                ? "removed image \(name)"
                : "image \(name) is not removed: another pod uses it, or its name has moved to another image"
            )
          }
        } catch let error as EngineError where error.isNotFound || error.isConflict {
          // Another container uses it, or it is gone.
          log.debug("image \(name) is not removed: \(error.message)")
        } catch {
          log.warning("image \(name) can't be removed: \(error)")
          isIncomplete.withLock { $0 = true }
        }
      }
    }
    guard await work.hasEnded(within: limit, orCancelled: true) else {
      work.cancel()
      return
    }
    // If it was incomplete, pod-reaper removes the rest.
    if !isIncomplete.withLock(\.self) { await use?.fulfil() }
  }

  /// A container's create request with the label by which pod-reaper removes the same images if the
  /// executor can't.
  func recordingImages(_ body: ContainerCreate) -> ContainerCreate {
    var body = body
    let wanted = wantedImages
    let images = wanted + namesAlone(beside: wanted).map { RemovableImage($0, isNameOnly: true) }
    body.labels?[PodLabel.removeImages] = images.map(\.word).joined(separator: " ")
    let seconds = request.options.keepFailed
    if seconds > 0 { body.labels?[PodLabel.keepFailed] = "\(seconds)" }
    return body
  }

  /// The images to remove with the pod, by name or ID: those of the services and of their hooks.
  private var wantedImages: [RemovableImage] {
    var images: [RemovableImage] = []
    func add(_ service: Service, as key: String) {
      guard let image = provided[key] else { return }
      let name = service.image?.value
      let isWanted =
        switch request.options.imageRemoval {
        case .none: false
        case .local: service.build != nil && name == nil
        // Under a policy, images that others put on the host must not be removed.
        case .all: image.isNew || !request.policy.isRestricted
        }
      let reference = name ?? image.reference
      if isWanted, !images.contains(where: { $0.name == reference }) {
        images.append(RemovableImage(reference, id: image.id))
      }
    }
    for used in imageUsers { add(used, as: used.name) }
    return images
  }

  /// The names to remove from images that are kept.
  private func namesAlone(beside wanted: [RemovableImage]) -> [String] {
    builtNames.filter { name in !wanted.contains { $0.name == name } }
  }

  /// The names of the images that are built for services without `image:`.
  private var builtNames: [String] {
    BuildOrder(request.project.services.values).tags(project: images.project).sorted()
  }
}
