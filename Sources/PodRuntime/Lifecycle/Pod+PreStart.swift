import Concurrency
import Compose
import DockerEngine
import OrderedCollections
import PodControl
import YAML

extension Pod {
  /// Runs a service's `pre_start` hooks, each in a container with the volumes of the service's
  /// first container.
  ///
  /// - Parameters:
  ///   - container: the service's first container, which is created and not started.
  ///   - images: the images of the pod by `Service.imageKey`.
  /// - Throws: `DiagnosticError` with the hook's line if a hook can't be run, or doesn't exit with
  ///   0.
  func runPreStart(
    of container: ContainerPlan, images: [String: ResolvedImage]
  ) async throws {
    var attempt = 1
    var shared: String?
    repeat {
      try await ensureCreated(container.key)
      shared = members[container.key]?.container
      for (index, hook) in container.preStart.enumerated() {
        let key = container.service.imageKey(ofHook: index)
        guard var image = images[key] else {
          if let failure = imageFailures[key] { throw failure }
          continue
        }
        while true {
          try checkLaunch()
          try await ensureCreated(container.key)
          guard let id = members[container.key]?.container else { return }
          let owners = startsOfOwners(of: container.key)
          do {
            try await runPreStart(hook, sharing: id, image)
            break
          } catch let error as EngineError {
            let hasReturned = try await hasOwnerReturned(
              of: container.key, since: owners, after: error)
            if hasReturned { try await removeStray(of: hook) }
            // Retries because of an owner that crashes repeatedly aren't counted: they wait for its
            // restarts.
            if hasReturned, error.isFailedJoin { continue }
            let mayRetry = hasReturned ? true : try await mayRetry(error, hook, &image)
            guard attempt < Self.mostAttempts, mayRetry else {
              throw DiagnosticError(
                "the pre_start of service '\(container.service.name)' can't be run: \(error.message)",
                at: hook.service.position)
            }
            attempt += 1
          }
        }
      }
      // If another client removed the service's container, the hooks' files in its anonymous
      // volumes are gone.
      attempt += 1
    } while members[container.key]?.container != shared && attempt < Self.mostAttempts
  }

  /// Decides whether a hook's container may be run again, and provides missing objects.
  private func mayRetry(
    _ error: EngineError, _ hook: ContainerPlan, _ image: inout ResolvedImage
  ) async throws -> Bool {
    if try await recovers(from: error) {
      try await removeStray(of: hook)
      return true
    }
    try checkLaunch()
    switch error.missing {
    case .image:
      guard let again = try await images.provide(for: [hook.service])[hook.service.name] else {
        return false
      }
      image = again
    case .network where isOwnNetwork(in: error): try await restoreNetworks()
    case .container: break
    default:
      guard plan?.slice != nil, error.isOfSystemd, await slices.isSystemdThere() else {
        return false
      }
    }
    try await removeStray(of: hook)
    return true
  }

  private func runPreStart(
    _ hook: ContainerPlan, sharing service: String, _ image: ResolvedImage
  ) async throws {
    let ids = members.compactMapValues(\.container)
    var body = hook.resolved(image: "", ids: ids)
    let others = body.hostConfig?.volumesFrom ?? []
    body.hostConfig?.volumesFrom = [service] + others
    let id = try await create(hook, image, body, ids: ids)
    hookContainers[id] = .some(nil)
    hookSignals[id] = request.defaults.stopSignal(
      of: hook.service, imageSignal: image.stopSignal)
    // A hook that is still running when the pod ends is stopped like a service.
    defer { if !isEnding { hookContainers[id] = nil } }
    let name = hook.service.name
    history.record(.serviceHookStarted, service: name, subject: "pre_start", container: id)
    let tail = try await follow(hook, id)
    let code = try await exitCode(ofHook: id)
    history.record(
      .serviceHookExited, service: name, subject: "pre_start", container: id, exitCode: code)
    try await checkEngine()
    try Self.check(
      code, tail, "the pre_start of service '\(hook.service.name)'", at: hook.service.position)
    let engine = engine
    do {
      try await withoutCancellation {
        try await engine.removeContainer(id, force: true, volumes: true)
      }
    } catch let error as EngineError where error.isNotFound {
      // Another client has removed it.
    }
    removedContainers.insert(id)
  }

  /// The exit code of a hook's container, even if another client has removed the container since.
  private func exitCode(ofHook id: String) async throws -> Int {
    do {
      return try await engine.waitContainer(id)
    } catch let error as EngineError where error.isNotFound {
      func code() -> Int? { hookContainers[id] ?? nil }
      try await wait(within: .seconds(2)) { code() != nil }
      guard let code = code() else { throw error }
      return code
    }
  }

  private func create(
    _ hook: ContainerPlan, _ image: ResolvedImage, _ body: ContainerCreate, ids: [String: String]
  ) async throws -> String {
    let engine = engine
    let id = try await make(hook, from: image, body)
    try await copyFiles(of: hook, into: id)
    for (network, settings) in hook.resolvedConnections(ids: ids) {
      try await engine.connectNetwork(network, container: id, settings)
    }
    return id
  }

  /// Starts a hook's container, and forwards its output until it exits.
  private func follow(_ hook: ContainerPlan, _ id: String) async throws -> [String] {
    let engine = engine
    try await ensureSlice()
    let frames = try await engine.attach(id, tty: hook.service.tty)
    try await withoutCancellation { try await engine.startContainer(id) }
    return try await forward(
      frames, label: hook.service.name + " pre_start ->", index: members[hook.key]?.index ?? 0)
  }
}
