import OrderedCollections
import YAML

/// `build:` (Compose specification, "Compose Build Specification").
public struct Build: Sendable, Equatable {
  /// The position in the file.
  public var position: SourcePosition
  /// The context: an absolute directory or a URL.
  public var context: String
  /// The Dockerfile, absolute or relative to the context; nil for `Dockerfile`.
  public var dockerfile: String?
  /// Build arguments; nil uses the variable of the executor's environment.
  public var args: OrderedDictionary<String, String?> = [:]
  /// The stage to build.
  public var target: String?
  /// The network for RUN instructions.
  public var network: String?
  /// Labels for the image.
  public var labels: OrderedDictionary<String, String> = [:]
  /// Images used as cache sources.
  public var cacheFrom: [String] = []
  /// `dockerfile_inline:`.
  public var dockerfileText: String?
  /// `additional_contexts:`; a value can be a service as `service:NAME`.
  public var contexts: OrderedDictionary<String, Located<String>> = [:]
  /// Further options of `docker build`; some require BuildKit.
  public var options: [String] = []
  /// Files of the host that the docker command reads because of these options.
  public var hostFiles: [Located<String>] = []
  /// The first of these options that requests privileges.
  public var privileges: Located<String>?
  /// True to build without the cache.
  public var noCache = false
  /// True to always pull the base images.
  public var pull = false
  /// Creates a build section with default options.
  public init(position: SourcePosition, context: String, dockerfile: String? = nil) {
    self.position = position
    self.context = context
    self.dockerfile = dockerfile
  }

  /// The services whose images this build uses, each with the position of its first reference.
  public var services: [Located<String>] {
    contexts.values.compactMap { context in
      guard context.value.hasPrefix("service:") else { return nil }
      return Located(String(context.value.dropFirst(8)), at: context.position)
    }
  }
}
