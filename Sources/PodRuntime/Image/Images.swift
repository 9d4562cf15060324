import Compose
import DockerEngine
import FoundationEssentials
import Logging

/// An image that the engine has, and what of it matters to a pod.
struct ProvidedImage: Sendable {
  /// The name or ID to create a container from.
  var reference: String
  /// True if it brings a healthcheck.
  var hasHealthcheck: Bool
  /// Its stop signal, if it sets one.
  var stopSignal: String?
  /// When the engine got it by this name, RFC 3339.
  var lastTagTime = ""

  /// Whether it came longer ago than so many nanoseconds; false for nil, and where the engine doesn't know.
  func isOlder(than age: Int64?, now: Date = Date()) -> Bool {
    // To the second: not every engine's fractions can be read.
    let second = lastTagTime.replacing(/\.[0-9]+/, with: "")
    guard let age, let time = try? Date(second, strategy: .iso8601) else { return false }
    return now.timeIntervalSince(time) > Double(age) / 1e9
  }
}

/// Sees to it that the engine has every image before anything of a pod is created.
struct Images: Sendable {
  let engine: DockerEngine
  /// The environment that `docker build` and credential helpers run in.
  let environment: [String: String]
  /// The folder of the Compose file.
  let projectDirectory: String
  let log: Logger

  /// Looks up, pulls and builds what the services need, all at once.
  ///
  /// - Returns: the images by service.
  /// - Throws: `ComposeError` for an image that can't be had, with the line that names it.
  func provide(for services: [Service]) async throws -> [String: ProvidedImage] {
    try await withThrowingTaskGroup(of: [(String, ProvidedImage)].self) { group in
      var pulled: [String: [Service]] = [:]
      for service in services {
        if service.build != nil, service.pullPolicy.map({ $0.value == .build }) ?? true {
          group.addTask { [(service.name, try await build(service))] }
        } else if let image = service.image {
          // One image is pulled once, as its most demanding service asks.
          let policy = service.pullPolicy?.value ?? .missing
          let platform = service.isolation.platform ?? ""
          let age = service.pullAge.map(String.init) ?? ""
          let key = "\(policy == .always) \(policy == .never) \(age) \(platform) \(image.value)"
          pulled[key, default: []].append(service)
        }
      }
      for users in pulled.values {
        group.addTask {
          let image = try await provide(users[0])
          return users.map { ($0.name, image) }
        }
      }
      var result: [String: ProvidedImage] = [:]
      for try await images in group {
        for (name, image) in images { result[name] = image }
      }
      return result
    }
  }

  private func provide(_ service: Service) async throws -> ProvidedImage {
    guard let image = service.image else {
      throw ComposeError("service '\(service.name)' has no image", at: service.position)
    }
    let policy = service.pullPolicy?.value ?? .missing
    do {
      if policy != .always, let found = try await lookUp(image.value),
        !found.isOlder(than: service.pullAge)
      {
        return found
      }
    } catch let error as EngineError where error.kind == .status(400) {
      throw ComposeError(
        "image '\(image.value)' can't be looked up: \(error.message)", at: image.position)
    }
    if policy == .never {
      throw ComposeError(
        "image '\(image.value)' is not on this host, and pull_policy forbids to pull it",
        at: image.position)
    }
    do {
      let store = CredentialStore(
        projectDirectory: projectDirectory, environment: environment, log: log)
      try await ImagePull(engine: engine, credentials: store, log: log).pull(
        image.value, platform: service.isolation.platform)
    } catch let error as EngineError {
      if service.build != nil { return try await build(service) }
      throw ComposeError(
        "image '\(image.value)' can't be pulled: \(error.message)", at: image.position)
    }
    if let found = try await lookUp(image.value) { return found }
    throw ComposeError(
      "image '\(image.value)' was pulled, but the engine doesn't have it", at: image.position)
  }

  private func lookUp(_ reference: String) async throws -> ProvidedImage? {
    do {
      let details = try await engine.inspectImage(reference)
      return ProvidedImage(
        reference: reference, hasHealthcheck: details.config?.bringsHealthcheck ?? false,
        stopSignal: details.config?.stopSignal, lastTagTime: details.lastTagTime)
    } catch let error as EngineError where error.isNotFound {
      return nil
    }
  }

  private func build(_ service: Service) async throws -> ProvidedImage {
    guard let build = service.build else {
      throw ComposeError("service '\(service.name)' has no build", at: service.position)
    }
    let id = try await ImageBuild(environment: environment, log: log)
      .build(build, service: service)
    guard let found = try await lookUp(id) else {
      throw ComposeError(
        "service '\(service.name)' was built, but the engine doesn't have the image \(id)",
        at: build.position)
    }
    return found
  }
}

extension ContainerConfig {
  /// Whether containers of this image have a healthcheck unless they say otherwise.
  var bringsHealthcheck: Bool {
    guard let first = healthcheck?.test?.first else { return false }
    return first != "NONE"
  }
}
