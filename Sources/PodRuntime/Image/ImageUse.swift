import Concurrency
import DockerEngine
import Glibc
import Logging
import PodIdentity
import PodObjects

/// Tells the host what a pod does with images: which it uses, so that nobody removes them meanwhile; which it has pulled, so
/// that pod-reaper may remove them once nobody uses them; and which are to go with the pod, so that pod-reaper removes them
/// where the executor dies.
///
/// Only root's executors can tell. Nothing here fails a pod.
actor ImageUse {
  /// How long a removal of an image that the pod is about to use is waited for.
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
  /// What went wrong is said once of each kind.
  private var said: Set<String> = []

  /// Tells of one pod's images.
  ///
  /// - Parameters:
  ///   - request: the pod's.
  ///   - engine: the engine that has the images.
  ///   - info: what the engine says of itself, if it has been asked already.
  ///   - environment: the executor's.
  ///   - log: takes what can't be told.
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

  /// Sees to it that none of these programs removes an image before the pod has ended.
  ///
  /// - Parameter name: the image's name or ID.
  /// - Throws: `CancellationError`.
  func hold(_ name: String) async throws {
    let isHeld = try await leases.hold(name, within: Self.patience) { [log] in
      log.debug("image \(name) is being removed: waiting for the end of that")
    }
    if !isHeld, geteuid() == 0 {
      say("lease", "image \(name) isn't leased: it is pulled again if it is removed meanwhile")
    }
  }

  // MARK: What the pod has pulled

  /// The images that there are, before a pull; nil where nobody wants to know.
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

  /// Records a pull, unless the image was there before and isn't a pod's.
  ///
  /// - Parameters:
  ///   - name: the name that it was pulled by.
  ///   - before: the images that there were.
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
      say("record", "image \(name) isn't recorded, so pod-reaper leaves it alone: \(error)")
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

  // MARK: What is to go with the pod

  /// Tells that an image is to go with the pod, before it is there.
  ///
  /// - Parameters:
  ///   - name: the image's name or ID.
  ///   - isNew: whether the engine doesn't have it as yet.
  ///   - isNamed: whether the file names it, as it doesn't name what is built for a service without `image:`.
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
      say("promise", "pod-reaper can't be told of the images to remove: \(error)")
    }
  }

  /// Tells which image a promised name stands for, so that no other is removed by it.
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

  /// Takes the promise back: the images are removed, or stay for good.
  func fulfil() {
    if let promised { ImagePromises(state).remove(promised) }
    promised = nil
  }

  /// Removes an image that no other pod uses.
  ///
  /// - Parameters:
  ///   - removable: the image.
  ///   - engine: the engine that has it.
  ///   - use: whose it is; nil where nobody is told of images.
  ///   - isNew: whether the pod has brought it: it goes by its ID where its name was given to another image and it has no
  ///     further one.
  /// - Returns: false where another pod uses it, or its name stands for another image.
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

  /// Gives all leases back, and tells that images were used until now.
  ///
  /// - Parameter images: the IDs of those that the pod has used.
  func end(of images: [String]) async {
    if !images.isEmpty, ImageRecords(state, engine: "any")?.areKept == true {
      let touching = Task { _ = await self.records()?.touch(images) }
      // The terminal update is worth more.
      if !(await touching.hasEnded(within: .milliseconds(500))) { touching.cancel() }
    }
    leases.release()
  }

  private func say(_ kind: String, _ text: String) {
    if said.insert(kind).inserted { log.warning("\(text)") }
  }
}
