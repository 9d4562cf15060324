import Concurrency
import DockerEngine
import Glibc
import Logging
import PodIdentity
import PodObjects

/// Records on the host how a pod uses images: the images in use, which no other program then
/// removes; the images that it pulled, which pod-reaper may remove once they are unused; and the
/// images to remove with the pod, which pod-reaper removes if the executor dies.
///
/// Only executors that run as root can write these records. No fault here fails a pod.
actor ImageUse {
  /// How long to wait while an image that the pod is about to use is being removed.
  private static let patience = Duration.seconds(60)

  private let engine: DockerEngine
  private let info: Task<EngineInfo, any Error>?
  private let state: ImageState
  private let removal: PodOptions.ImageRemoval
  private let isRestricted: Bool
  private let identity: PodIdentity
  private let log: Logger
  private let leases = ImageLeases()
  private var promised: ImagePromise?
  private var engineID: String?
  /// The kinds of warnings already logged: each is logged once.
  private var logged: Set<String> = []

  /// Creates the records of one pod's images.
  ///
  /// - Parameters:
  ///   - request: the pod's request.
  ///   - engine: the engine that has the images.
  ///   - info: the engine's information, if it has been requested already.
  ///   - environment: the executor's environment.
  ///   - log: receives warnings about records that can't be written.
  init(
    _ request: PodRequest, engine: DockerEngine, info: Task<EngineInfo, any Error>?,
    environment: [String: String], log: Logger
  ) {
    self.engine = engine
    self.info = info
    state = ImageState(environment: environment)
    removal = request.options.imageRemoval
    isRestricted = request.policy.isRestricted
    identity = request.identity
    self.log = log
  }

  /// Prevents the executors and pod-reaper from removing an image until the pod has stopped.
  ///
  /// - Parameter name: the image's name or ID.
  /// - Throws: `CancellationError`.
  func hold(_ name: String) async throws {
    let isHeld = try await leases.hold(name, within: Self.patience) { [log] in
      log.debug("image \(name) is being removed: waiting until the removal is complete")
    }
    if !isHeld, geteuid() == 0 {
      logOnce("lease", "image \(name) isn't leased: it is pulled again if it is removed meanwhile")
    }
  }

  // MARK: Images that the pod has pulled

  /// The IDs of the images that exist before a pull; nil if pulls are not recorded.
  ///
  /// - Throws: `CancellationError`.
  func imagesBeforePull() async throws -> Set<String>? {
    guard await records()?.areKept == true else { return nil }
    do {
      return try await engine.listImageIDs()
    } catch let error as CancellationError {
      throw error
    } catch {
      log.debug("images can't be listed: \(error)")
      return nil
    }
  }

  /// Records a pull, unless the image existed before and isn't recorded as a pod's.
  ///
  /// - Parameters:
  ///   - name: the name by which it was pulled.
  ///   - before: the IDs of the images that existed before the pull.
  func record(_ name: String, before: Set<String>?) async {
    guard let before, let records = await records(),
      let image = try? await engine.inspectImage(name),
      !before.contains(image.id) || records.has(image.id)
    else { return }
    let repository = ImageKey.repository(name)
    let digest = image.repoDigests.first { ImageKey.repository($0) == repository }
    do {
      try records.add(name: name, id: image.id, digest: digest ?? "")
    } catch {
      logOnce("record", "image \(name) isn't recorded, so pod-reaper leaves it alone: \(error)")
    }
  }

  private func records() async -> ImageRecords? {
    guard let id = await idOfEngine() else { return nil }
    return ImageRecords(state, engine: id)
  }

  private func idOfEngine() async -> String? {
    if let engineID { return engineID }
    let known = try? await info?.value
    let found = if let known { known } else { try? await engine.info() }
    engineID = found?.id
    return engineID
  }

  // MARK: Images that are removed with the pod

  /// Records that an image is to be removed with the pod. A new image is recorded before it exists.
  ///
  /// - Parameters:
  ///   - name: the image's name or ID.
  ///   - isNew: whether the engine doesn't have it yet.
  ///   - isNamed: whether the file names it. An image that is built for a service without `image:`
  ///     has no name in the file.
  func promise(_ name: String, isNew: Bool, isNamed: Bool) async {
    let isWanted =
      switch removal {
      case .none: false
      case .local: !isNamed
      case .all: isNew || !isRestricted
      }
    let isID = name.hasPrefix("sha256:")
    guard isWanted || (!isNamed && !isID) else { return }
    let promises = ImagePromises(state)
    guard promises.areKept, identity.incarnation.pid != nil, let id = await idOfEngine(),
      !id.isEmpty
    else { return }
    let word = isWanted ? name : "-\(name)"
    var promise = promised ?? ImagePromise(identity, engine: id)
    guard !promise.images.contains(where: { RemovableImage(word: $0).name == name }) else { return }
    promise.images.append(word)
    promised = promise
    do {
      try promises.make(promise)
    } catch {
      logOnce("promise", "the images to remove can't be sent to pod-reaper: \(error)")
    }
  }

  /// Records the ID of a promised image, so that no other image is removed by its name.
  ///
  /// - Parameters:
  ///   - name: the name.
  ///   - id: the image's ID.
  func identify(_ name: String, as id: String) {
    let image = RemovableImage(name, id: id)
    guard var promise = promised, let index = promise.images.firstIndex(of: name),
      image.word != name
    else { return }
    promise.images[index] = image.word
    promised = promise
    try? ImagePromises(state).make(promise)
  }

  /// Removes the promise: the images are removed or kept permanently.
  func fulfil() {
    if let promised { ImagePromises(state).remove(promised) }
    promised = nil
  }

  /// Removes an image that no other pod uses.
  ///
  /// - Parameters:
  ///   - removable: the image.
  ///   - engine: the engine that has it.
  ///   - use: the records of the pod's images; nil if image use is not recorded.
  ///   - isNew: whether the pod pulled or built it. If its name now belongs to another image and it
  ///     has no further name, it is removed by its ID.
  /// - Returns: false if another pod uses it, or if its name belongs to another image.
  /// - Throws: `EngineError`; `CancellationError`.
  static func remove(
    _ removable: RemovableImage, from engine: DockerEngine, of use: ImageUse?, isNew: Bool
  ) async throws -> Bool {
    var name = removable.name
    var image = try await engine.inspectImage(name)
    if let id = removable.id, id != image.id {
      (name, image) = (id, try await engine.inspectImage(id))
      guard isNew, image.repoTags.isEmpty, image.repoDigests.isEmpty else { return false }
    }
    guard let use else {
      try await engine.removeImage(name, force: false)
      return true
    }
    use.leases.release([name, image.id])
    let names = ImageLeases.names(toRemove: name, of: image)
    return try await use.leases.exclusively(names) {
      try await engine.removeImage(name, force: false)
      return true
    } ?? false
  }

  // MARK: The end

  /// Releases all leases, and records that the images were in use until now.
  ///
  /// - Parameter images: the IDs of the images that the pod has used.
  func end(of images: [String]) async {
    if !images.isEmpty, ImageRecords(state, engine: "any")?.areKept == true {
      let touching = Task { _ = await self.records()?.touch(images) }
      // The terminal update must not be delayed.
      if !(await touching.hasEnded(within: .milliseconds(500))) { touching.cancel() }
    }
    leases.release()
  }

  private func logOnce(_ kind: String, _ text: String) {
    if logged.insert(kind).inserted { log.warning("\(text)") }
  }
}
