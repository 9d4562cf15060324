import Compose
import OrderedCollections
import PodIdentity
import YAML

/// Which builds come after which: one that has another service's image among its `additional_contexts` after that.
struct BuildOrder: Sendable {
  private let services: OrderedDictionary<String, Service>
  /// The services on whose images others build.
  private let bases: Set<String>

  /// Reads what builds on what.
  init(_ services: some Sequence<Service>) {
    let services = Array(services)
    self.services = services.reduce(into: [:]) { $0[$1.name] = $1 }
    bases = Set(services.flatMap { $0.build?.services.map(\.value) ?? [] })
  }

  /// Whether a service's image has a place in the order: it may be built, or others are on it.
  func isOrdered(_ service: Service) -> Bool {
    service.build != nil || bases.contains(service.name)
  }

  /// Whether all that a service builds on is there.
  func isReady(_ service: Service, after done: some Collection<String>) -> Bool {
    (service.build?.services ?? []).allSatisfy { done.contains($0.value) }
  }

  /// The names of what a service builds on, by service.
  func bases(of service: Service, project: String) -> [String: String] {
    (service.build?.services ?? []).reduce(into: [:]) { result, base in
      guard let other = services[base.value] else { return }
      result[base.value] = other.image?.value ?? tag(of: other, project: project)
    }
  }

  /// The name of the image that is built for a service without `image:`, as Compose would call it;
  /// nil for others.
  func tag(of service: Service, project: String) -> String? {
    guard service.build != nil, service.image == nil else { return nil }
    return PodNames.image(project: project, service: service.name)
  }

  /// All such names.
  func tags(project: String) -> [String] {
    services.values.compactMap { tag(of: $0, project: project) }
  }

  /// Refuses what can't be put into an order.
  ///
  /// - Throws: `ComposeError` with the line that names a service which isn't there, or builds on the one that names it.
  func check() throws(ComposeError) {
    let graph = DependencyGraph(
      services.mapValues { ($0.build?.services ?? []).map(\.value) })
    for service in services.values {
      for base in service.build?.services ?? [] {
        guard services[base.value] != nil else {
          throw ComposeError(
            "service '\(service.name)' builds on the image of '\(base.value)', whose profile isn't enabled: enable it, "
              + "or give it no profile and `scale: 0`", at: base.position)
        }
        guard !graph.reaches(service.name, from: base.value) else {
          throw ComposeError(
            "service '\(service.name)' builds on the image of '\(base.value)', which builds on its own",
            at: base.position)
        }
      }
    }
  }
}

extension Service {
  /// Whether its image is built, whatever there is already.
  var isAlwaysBuilt: Bool { build != nil && (pullPolicy?.value == .build || image == nil) }
}
