import Concurrency
import Compose
import DockerEngine
import Logging
import PodIdentity
import YAML

extension Pod {
  /// Creates a container by the name of its image, which `docker ps` then shows; by the image's ID
  /// if another build has moved that name to another image since.
  ///
  /// - Parameters:
  ///   - container: the container.
  ///   - image: the image that was provided for it.
  ///   - body: the create request, without the image.
  /// - Returns: the container's ID.
  /// - Throws: `EngineError`; `CancellationError`.
  func make(
    _ container: ContainerPlan, from image: ResolvedImage, _ body: ContainerCreate
  ) async throws -> String {
    var body = recordingImages(body)
    body.image = try await reference(of: image)
    var id = try await make(container, body, image)
    if try await isOfAnother(id, than: image) {
      try await remove(id)
      body.image = image.id
      id = try await make(container, body, image)
    }
    await recordAnonymousVolumes(of: id, body, image)
    return id
  }

  private func make(
    _ container: ContainerPlan, _ body: ContainerCreate, _ image: ResolvedImage
  ) async throws -> String {
    let engine = engine
    let platform = container.service.isolation.platform
    try checkPolicy { (check) throws(DiagnosticError) in
      let own = members.values.compactMap(\.container)
      try check.check(body, of: container, own: Set(own + madeContainers))
    }
    // The policy doesn't apply to the operator's own defaults.
    let completed = request.defaults.completing(
      try pinned(try foundByEngine(body, of: container), of: container), of: container,
      memory: request.limits?.memory, imageSignal: image.stopSignal)
    let unlimited = addingOutcome(addingSecrets(completed, of: container), of: container)
    @Sendable func create(_ body: ContainerCreate) async throws -> (id: String, warnings: [String])
    {
      try await withoutCancellation {
        do {
          return try await engine.createContainer(name: container.name, platform: platform, body)
        } catch let error as EngineError where error.isConflict {
          return try await engine.createContainer(
            name: container.nameIfTaken, platform: platform, body)
        }
      }
    }
    let made: (id: String, warnings: [String])
    do {
      made = try await create(limitingDisk(unlimited))
    } catch let error as EngineError where dropsDiskQuota(at: error) {
      made = try await create(unlimited)
    }
    let (id, warnings) = made
    madeContainers.append(id)
    warn(warnings, of: container.key)
    return id
  }

  /// Checks a request against the operator's policy right before it is sent.
  func checkPolicy(
    _ check: (PolicyCheck) throws(DiagnosticError) -> Void
  ) throws(DiagnosticError) {
    guard request.policy.isRestricted, let plan else { return }
    try check(PolicyCheck(request, plan, socket: engine.endpoint.socketPath))
  }

  private func reference(of image: ResolvedImage) async throws -> String {
    guard image.isBuilt else { return image.reference }
    do {
      let found = try await engine.inspectImage(image.reference)
      return found.id == image.id ? image.reference : image.id
    } catch let error as EngineError where error.isNotFound {
      return image.id
    }
  }

  /// Whether a container was created from another image: the image's name may move between two
  /// requests.
  private func isOfAnother(_ id: String, than image: ResolvedImage) async throws -> Bool {
    guard image.isBuilt else { return false }
    return try await engine.inspectContainer(id).image != image.id
  }

  private func remove(_ id: String) async throws {
    let engine = engine
    try await withoutCancellation {
      try await engine.removeContainer(id, force: true, volumes: true)
    }
    removedContainers.insert(id)
  }

  /// Removes the container of a hook if the response to its create was lost, or before the hook
  /// runs again.
  func removeStray(of hook: ContainerPlan) async throws {
    guard let id = try await findStray(of: hook) else { return }
    try? await remove(id)
  }

  /// Finds a container whose create was carried out although the response was lost.
  ///
  /// - Parameters:
  ///   - container: the container's plan.
  ///   - image: the image from which it must be created; if it isn't, it is removed. Nil for any.
  /// - Returns: its ID; nil if there is none.
  /// - Throws: `EngineError`; `CancellationError`.
  func findStray(
    of container: ContainerPlan, from image: ResolvedImage? = nil
  ) async throws -> String? {
    let engine = engine
    let label = "\(PodLabel.composeService)=\(container.service.name)"
    let filters = ["label": labelFilter + [label]]
    let own = Set(members.values.compactMap(\.container))
    let found = try await persistently { _ in
      try await engine.listContainers(all: true, filters: filters)
    }
    let names = ["/" + container.name, "/" + container.nameIfTaken]
    let stray = found.first { stray in
      !own.contains(stray.id) && PodIdentity(labels: stray.labels) == plan?.identity
        && stray.names.contains(where: names.contains)
    }
    guard let id = stray?.id, let image else { return stray?.id }
    if try await isOfAnother(id, than: image) {
      try await remove(id)
      return nil
    }
    madeContainers.append(id)
    return id
  }
}
