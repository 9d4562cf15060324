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
  /// All that have an image: the services, and their hooks.
  var imageUsers: [Service] {
    request.project.services.values.flatMap { [$0] + $0.hookImages }
  }

  /// Provides all images; one that only optional and final services use may be missing.
  func provideImages() async throws -> [String: ProvidedImage] {
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

  /// Removes the images of the pod's services, as far as that was asked for and no other container
  /// uses them, and takes the names back that were given to what was built.
  ///
  /// - Parameter limit: how long it may take.
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
                : "image \(name) stays: another pod uses it, or its name is another's")
          }
        } catch let error as EngineError where error.isNotFound || error.isConflict {
          // Another container's, or gone.
          log.debug("image \(name) stays: \(error.message)")
        } catch {
          log.warning("image \(name) can't be removed: \(error)")
          isIncomplete.withLock { $0 = true }
        }
      }
    }
    guard await work.hasEnded(within: limit) else {
      work.cancel()
      return
    }
    // What isn't removed is pod-reaper's to remove.
    if !isIncomplete.withLock(\.self) { await use?.fulfil() }
  }

  /// A container's request with the label by which the reaper removes the same images where the executor can't.
  func recordingImages(_ body: ContainerCreate) -> ContainerCreate {
    var body = body
    let wanted = wantedImages
    let images = wanted + namesAlone(beside: wanted).map { RemovableImage($0, isNameOnly: true) }
    body.labels?[PodLabel.removeImages] = images.map(\.word).joined(separator: " ")
    let seconds = request.options.keepFailed
    if seconds > 0 { body.labels?[PodLabel.keepFailed] = "\(seconds)" }
    return body
  }

  /// What is to be removed with the pod, by name or ID: the services' images and those of their
  /// hooks.
  private var wantedImages: [RemovableImage] {
    var images: [RemovableImage] = []
    func add(_ service: Service, as key: String) {
      guard let image = provided[key] else { return }
      let name = service.image?.value
      let isWanted =
        switch request.options.imageRemoval {
        case .none: false
        case .local: service.build != nil && name == nil
        // Where a policy holds, what others have put on the host is nobody's to remove.
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

  /// The names that are taken back from images that stay.
  private func namesAlone(beside wanted: [RemovableImage]) -> [String] {
    builtNames.filter { name in !wanted.contains { $0.name == name } }
  }

  /// The names of what is built for services without `image:`.
  private var builtNames: [String] {
    BuildOrder(request.project.services.values).tags(project: images.project).sorted()
  }
}
