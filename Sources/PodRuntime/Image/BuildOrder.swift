import Compose
import OrderedCollections
import PodIdentity
import YAML

/// The order of builds and the images that depend on them: an image that has another service's
/// image in its `additional_contexts`, or whose name another service's build creates, comes after
/// that build.
struct BuildOrder: Sendable {
  private let services: OrderedDictionary<String, Service>
  /// The services on whose images others build.
  private let bases: Set<String>

  /// Computes the dependencies between builds.
  init(_ services: some Sequence<Service>) {
    let services = Array(services)
    self.services = services.reduce(into: [:]) { $0[$1.name] = $1 }
    bases = Set(services.flatMap { $0.build?.services.map(\.value) ?? [] })
  }

  /// Whether a service's image is part of the order: it may be built, or another image depends on
  /// it.
  func isOrdered(_ service: Service) -> Bool {
    service.build != nil || bases.contains(service.name) || builder(of: service) != nil
  }

  /// Whether all images that a service's image needs are done.
  func isReady(_ service: Service, after done: some Collection<String>) -> Bool {
    needs(of: service).allSatisfy { done.contains($0) }
  }

  /// The service whose image a service without a build shares; nil if no build creates that name.
  func builder(of service: Service) -> Service? {
    guard service.build == nil, let image = service.image else { return nil }
    let platform = service.isolation.platform
    return services.values.first { other in
      other.build != nil && other.image.map { Self.whole($0.value) } == Self.whole(image.value)
        && (platform == nil || platform == other.isolation.platform)
    }
  }

  /// The services whose images a service's image needs, directly or indirectly, with the service
  /// itself last.
  func closure(of service: Service) -> [Service] {
    var found: OrderedDictionary<String, Service> = [:]
    var seen: Set<String> = [service.name]
    func add(_ service: Service) {
      for name in needs(of: service) where seen.insert(name).inserted {
        if let other = services[name] { add(other) }
      }
      found[service.name] = service
    }
    add(service)
    return Array(found.values)
  }

  private func needs(of service: Service) -> [String] {
    (service.build?.services ?? []).map(\.value) + (builder(of: service).map { [$0.name] } ?? [])
  }

  /// An image's name with its tag; the default tag is `latest`.
  private static func whole(_ name: String) -> String {
    let last = name.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    return last.contains(":") || last.contains("@") ? name : name + ":latest"
  }

  /// The names of the images on which a service builds, by service.
  func bases(of service: Service, project: String) -> [String: String] {
    (service.build?.services ?? []).reduce(into: [:]) { result, base in
      guard let other = services[base.value] else { return }
      result[base.value] = other.image?.value ?? tag(of: other, project: project)
    }
  }

  /// The name of an image that is built for a service without `image:`, as Compose names it; nil
  /// for other services.
  func tag(of service: Service, project: String) -> String? {
    guard service.build != nil, service.image == nil else { return nil }
    return PodNames.image(project: project, service: service.name)
  }

  /// The names of all images that are built for services without `image:`.
  func tags(project: String) -> [String] {
    services.values.compactMap { tag(of: $0, project: project) }
  }

  /// Refuses builds that can't be put into an order.
  ///
  /// - Throws: `DiagnosticError` with the line that names a missing service, or a service that
  ///   builds on the one that names it.
  func check() throws(DiagnosticError) {
    let graph = DependencyGraph(services.mapValues(needs))
    for service in services.values {
      for base in service.build?.services ?? [] {
        guard services[base.value] != nil else {
          throw DiagnosticError(
            "service '\(service.name)' builds on the image of '\(base.value)', whose profile isn't enabled: enable the profile, "
              + "or remove it and set `scale: 0`", at: base.position)
        }
        guard !graph.reaches(service.name, from: base.value) else {
          throw DiagnosticError(
            "service '\(service.name)' builds on the image of '\(base.value)', which builds on this one in turn",
            at: base.position)
        }
      }
    }
  }
}

extension Service {
  /// Whether its image is built even if the engine has an image of that name.
  var isAlwaysBuilt: Bool { build != nil && (pullPolicy?.value == .build || image == nil) }
}
