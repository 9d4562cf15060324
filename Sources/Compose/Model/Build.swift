import OrderedCollections
import YAML

/// `build:` (Compose specification, "Compose Build Specification").
public struct Build: Sendable, Equatable {
  /// Where it stands.
  public var position: SourcePosition
  /// The context: an absolute folder or a URL.
  public var context: String
  /// The Dockerfile, absolute or relative to the context; nil for `Dockerfile`.
  public var dockerfile: String?
  /// Build arguments; nil takes the variable from the executor's environment.
  public var args: OrderedDictionary<String, String?> = [:]
  /// The stage to build.
  public var target: String?
  /// Network for RUN instructions.
  public var network: String?
  /// Labels for the image.
  public var labels: OrderedDictionary<String, String> = [:]
  /// Images to take layers from.
  public var cacheFrom: [String] = []
  /// `dockerfile_inline:`.
  public var dockerfileText: String?
  /// `additional_contexts:`, some of which may name a service as `service:NAME`.
  public var contexts: OrderedDictionary<String, Located<String>> = [:]
  /// Further options of `docker build`, some of which need BuildKit.
  public var options: [String] = []
  /// Files of the host that these options have the docker command read.
  public var hostFiles: [Located<String>] = []
  /// What of these options asks for privileges.
  public var privileges: Located<String>?
  /// Never use the cache.
  public var noCache = false
  /// Always pull the base images.
  public var pull = false
  /// Makes a build section.
  public init(position: SourcePosition, context: String, dockerfile: String? = nil) {
    self.position = position
    self.context = context
    self.dockerfile = dockerfile
  }

  /// The services whose images it builds on, each with the place that names it first.
  public var services: [Located<String>] {
    contexts.values.compactMap { context in
      guard context.value.hasPrefix("service:") else { return nil }
      return Located(String(context.value.dropFirst(8)), at: context.position)
    }
  }
}
