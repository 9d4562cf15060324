import Compose
import Concurrency
import DockerEngine
import Glibc
import Linux
import Logging
import PodControl
import PodIdentity
import YAML

/// Ensures that the engine has every image before any object of a pod is created.
struct ImageProvider: Sendable {
  let engine: DockerEngine
  /// The environment of `docker build` and credential helpers.
  let environment: [String: String]
  /// The pod's run.
  let run: String
  /// The pod's Compose project, which is part of the names of images that are built for other
  /// builds.
  let project: String
  /// The directory of the Compose file.
  let projectDirectory: String
  /// Variables that direct a build to a proxy.
  let proxies: [String: String]
  /// The images that a pod may use.
  let policy: PodPolicy
  /// The operator's directories of programs; nil for none.
  let programPath: [String]?
  let log: Logger
  /// Records pulls and builds.
  var history = PodHistory()
  var pulls = PullBoard()
  /// Records the images that are used, pulled and built; nil for no records.
  var use: ImageUse?
  /// Called after an error: waits until the engine is reachable again, and returns whether to
  /// retry.
  var recovers: @Sendable (any Error) async throws -> Bool = { _ in false }

  /// Looks up, pulls and builds all images of the services, concurrently. A build on another
  /// service's image starts when that image is done.
  ///
  /// - Returns: the images by service.
  /// - Throws: `DiagnosticError` for an image that isn't available, with the line that names it.
  func provide(for services: [Service]) async throws -> [String: ResolvedImage] {
    try await provide(for: services, optional: [], until: .now).images
  }

  /// Provides images where some services may start without theirs.
  ///
  /// - Parameters:
  ///   - services: the services.
  ///   - optional: the names of the services whose images may be missing. An image that another
  ///     service also needs may not be missing.
  ///   - deadline: the time limit for the images of optional services.
  /// - Returns: the images by service, and the errors of the missing ones.
  /// - Throws: the errors of the other services' images.
  func provide(
    for services: [Service], optional: Set<String>, until deadline: ContinuousClock.Instant
  ) async throws -> (images: [String: ResolvedImage], failures: [String: any Error]) {
    typealias Provided = (names: [String], image: Result<ResolvedImage, any Error>)
    return try await withThrowingTaskGroup(of: Provided.self) { group in
      let order = BuildOrder(services)
      let needed = Set(
        services.filter { !optional.contains($0.name) }
          .flatMap { order.closure(of: $0).map(\.name) })
      func add(
        _ users: [Service], _ provide: @escaping @Sendable () async throws -> ResolvedImage
      ) {
        let mayFail = users.allSatisfy { !needed.contains($0.name) }
        group.addTask {
          let names = users.map(\.name)
          do {
            if mayFail {
              return (names, .success(try await persistently(provide, until: deadline)))
            }
            return (names, .success(try await persistently(provide)))
          } catch let error where mayFail && !(error is CancellationError) {
            return (names, .failure(error))
          }
        }
      }
      for users in Self.pulls(of: services.filter { !order.isOrdered($0) }) {
        add(users) { try await provide(users[0]) }
      }
      var waiting = services.filter(order.isOrdered)
      var result: [String: ResolvedImage] = [:]
      var failures: [String: any Error] = [:]
      repeat {
        let ready = waiting.filter { order.isReady($0, after: result.keys) }
        waiting.removeAll(where: { service in ready.contains { $0.name == service.name } })
        for service in ready {
          if let image = order.builder(of: service).flatMap({ result[$0.name] }) {
            group.addTask { ([service.name], .success(image)) }
            continue
          }
          let bases = order.bases(of: service, project: project)
          let tag = order.tag(of: service, project: project)
          add([service]) { try await provide(service, on: bases, tag: tag) }
        }
        guard let (names, image) = try await group.next() else { continue }
        for name in names {
          switch image {
          case .success(let image):
            try refuseOwn(image, of: services.first { $0.name == name })
            result[name] = image
          case .failure(let error): failures[name] = error
          }
        }
      } while !group.isEmpty || waiting.contains { order.isReady($0, after: result.keys) }
      for service in waiting where failures[service.name] == nil {
        let base = order.closure(of: service).lazy.compactMap { failures[$0.name] }.first
        failures[service.name] = base
      }
      return (result, failures)
    }
  }

  /// Provides an image that may be missing.
  ///
  /// - Throws: `LaunchFailure` at the deadline, after which the work is canceled.
  private func persistently(
    _ provide: @escaping @Sendable () async throws -> ResolvedImage,
    until deadline: ContinuousClock.Instant
  ) async throws -> ResolvedImage {
    let work = Task { try await persistently(provide) }
    return try await withTaskCancellationHandler {
      let watch = Task { _ = await work.result }
      guard await watch.hasEnded(within: max(.zero, deadline - .now), orCancelled: true) else {
        work.cancel()
        try Task.checkCancellation()
        throw LaunchFailure(description: "its image is not available after half of launch-timeout")
      }
      return try await work.value
    } onCancel: {
      work.cancel()
    }
  }

  /// Provides an image, and retries when the engine was unreachable.
  private func persistently(
    _ provide: @Sendable () async throws -> ResolvedImage
  ) async throws -> ResolvedImage {
    for _ in 1..<Pod.mostAttempts {
      do {
        return try await provide()
      } catch let error as CancellationError {
        throw error
      } catch {
        guard try await recovers(error) else { throw error }
      }
    }
    return try await provide()
  }

  /// Pod-reaper treats a container whose run label comes from its image as a copy that belongs to
  /// no pod, so this pod's containers would leak.
  private func refuseOwn(_ image: ResolvedImage, of service: Service?) throws {
    guard image.run == run, let service else { return }
    throw DiagnosticError(
      "label '\(PodLabel.run)' of the image of '\(service.name)' is reserved for this pod: it identifies a container's pod",
      at: service.image?.position ?? service.build?.position ?? service.position)
  }

  /// Services grouped by image and pull options, so that each group's image is requested once.
  private static func pulls(of services: [Service]) -> [[Service]] {
    var pulls: [String: [Service]] = [:]
    for service in services {
      guard let image = service.image else { continue }
      let policy = service.pullPolicy?.value ?? .missing
      let platform = service.isolation.platform ?? ""
      let age = service.pullAge.map { "\($0)" } ?? ""
      let key = "\(policy == .always) \(policy == .never) \(age) \(platform) \(image.value)"
      pulls[key, default: []].append(service)
    }
    return Array(pulls.values)
  }

  /// - Parameters:
  ///   - service: the service whose image is provided.
  ///   - bases: names of the images on which it builds, by service.
  ///   - tag: an additional name for a built image.
  /// - Returns: the image.
  /// - Throws: `DiagnosticError` with the line that names it.
  private func provide(
    _ service: Service, on bases: [String: String] = [:], tag: String? = nil
  ) async throws -> ResolvedImage {
    if service.isAlwaysBuilt { return try await build(service, on: bases, tag: tag) }
    guard let image = service.image else {
      throw DiagnosticError("service '\(service.name)' has no image", at: service.position)
    }
    let policy = service.pullPolicy?.value ?? .missing
    let isNew: Bool
    // Before the first lookup, so that the image that it finds isn't removed before its container
    // is created.
    try await use?.hold(image.value)
    do {
      if policy == .always {
        isNew = try await lookUp(image.value) == nil
      } else {
        let found = try await permitted(image, of: service)
        if var found, !found.isOlder(than: service.pullAge) {
          found.isBuilt = service.build != nil
          try await use?.hold(found.id)
          await use?.promise(image.value, isNew: false, isNamed: true)
          return found
        }
        isNew = found == nil
      }
    } catch let error as EngineError where error.kind == .status(400) {
      throw DiagnosticError(
        "image '\(image.value)' can't be inspected: \(error.message)", at: image.position)
    }
    if service.build != nil, service.pullPolicy == nil || policy == .never {
      return try await build(service, on: bases, tag: tag)
    }
    if policy == .never {
      throw DiagnosticError(
        "image '\(image.value)' is not on this host, and pull_policy forbids pulling it",
        at: image.position)
    }
    try self.policy.check(pulled: image)
    await use?.promise(image.value, isNew: isNew, isNamed: true)
    let before = try await use?.imagesBeforePull()
    do {
      let store = CredentialStore(
        projectDirectory: projectDirectory, environment: environment, policy: self.policy,
        programPath: programPath, log: log)
      try await ImagePull(
        engine: engine, credentials: store, log: log, history: history, pulls: pulls
      ).pull(image.value, platform: service.isolation.platform)
    } catch let error as EngineError where !error.isEngineAway {
      if service.build != nil { return try await build(service, on: bases, tag: tag) }
      throw DiagnosticError(
        "image '\(image.value)' can't be pulled: \(error.message)", at: image.position)
    }
    if var found = try await lookUp(image.value, as: image) {
      found.isNew = isNew
      try await use?.hold(found.id)
      await use?.record(image.value, before: before)
      return found
    }
    throw DiagnosticError(
      "image '\(image.value)' was pulled, but the engine doesn't have it", at: image.position)
  }

  /// The engine's image by a name; nil if there is none, or if the policy forbids it and the
  /// service can build its own.
  private func permitted(
    _ image: Located<String>, of service: Service
  ) async throws -> ResolvedImage? {
    do {
      return try await lookUp(image.value, as: image)
    } catch let error as DiagnosticError where service.build != nil && error.remedy != nil {
      return nil
    }
  }

  /// - Parameters:
  ///   - reference: a name or ID.
  ///   - image: the name in the file; nil for a built image.
  /// - Returns: the image; nil if the engine has none.
  /// - Throws: `EngineError`; `DiagnosticError` for an image that the policy refuses.
  private func lookUp(
    _ reference: String, as image: Located<String>? = nil
  ) async throws -> ResolvedImage? {
    do {
      let details = try await engine.inspectImage(reference)
      if let image { try policy.check(details, named: image) }
      return ResolvedImage(
        reference: reference, id: details.id,
        hasHealthcheck: details.config?.bringsHealthcheck ?? false,
        stopSignal: details.config?.stopSignal,
        hasEntrypoint: details.config?.entrypoint?.isEmpty == false,
        healthcheckTest: details.config?.healthcheck?.test ?? [], lastTagTime: details.lastTagTime,
        hasVolumes: details.config?.volumes.keys.isEmpty == false,
        run: details.config?.labels[PodLabel.run])
    } catch let error as EngineError where error.isNotFound {
      return nil
    }
  }

  private func build(
    _ service: Service, on bases: [String: String], tag: String?
  ) async throws -> ResolvedImage {
    guard let build = service.build else {
      throw DiagnosticError("service '\(service.name)' has no build", at: service.position)
    }
    if let image = service.image?.value {
      await use?.promise(image, isNew: true, isNamed: true)
    } else if let tag {
      await use?.promise(tag, isNew: true, isNamed: false)
    }
    let own = DockerConfiguration(
      projectDirectory: projectDirectory, environment: environment
    ).taskDirectories
    let programs = HostPrograms(policy: policy, path: programPath, taskDirectories: own)
    history.record(.imageBuilding, service: service.name, subject: service.image?.value)
    let id = try await ImageBuild(
      environment: environment, proxies: proxies, programs: programs
    ).build(build, service: service, on: bases, tag: tag)
    history.record(.imageBuilt, service: service.name, subject: service.image?.value)
    guard var found = try await lookUp(id) else {
      throw DiagnosticError(
        "service '\(service.name)' was built, but the engine doesn't have the image \(id)",
        at: build.position)
    }
    found.reference = service.image?.value ?? tag ?? id
    found.isBuilt = true
    found.isNew = true
    try await use?.hold(found.id)
    if service.image == nil, tag == nil {
      await use?.promise(found.id, isNew: true, isNamed: false)
    }
    return found
  }
}
