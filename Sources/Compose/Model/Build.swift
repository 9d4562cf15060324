import OrderedCollections
import YAML

/// `build:` (Compose specification, "Compose Build Specification").
package struct Build: Sendable, Equatable {
  /// The position in the file.
  package var position: SourcePosition
  /// The context: an absolute directory or a URL.
  package var context: String
  /// The Dockerfile, absolute or relative to the context; nil for `Dockerfile`.
  package var dockerfile: String?
  /// Build arguments; nil uses the variable of the executor's environment.
  package var args: OrderedDictionary<String, String?> = [:]
  /// The stage to build.
  package var target: String?
  /// The network for RUN instructions.
  package var network: String?
  /// Labels for the image.
  package var labels: OrderedDictionary<String, String> = [:]
  /// Images used as cache sources.
  package var cacheFrom: [String] = []
  /// `dockerfile_inline:`.
  package var dockerfileText: String?
  /// `additional_contexts:`; a value can be a service as `service:NAME`.
  package var contexts: OrderedDictionary<String, Located<String>> = [:]
  /// Further options of `docker build`; some require BuildKit.
  package var options: [String] = []
  /// Files of the host that the docker command reads because of these options.
  package var hostFiles: [Located<String>] = []
  /// The first of these options that requests privileges.
  package var privileges: Located<String>?
  /// True to build without the cache.
  package var noCache = false
  /// True to always pull the base images.
  package var pull = false
  /// Creates a build section with default options.
  package init(position: SourcePosition, context: String, dockerfile: String? = nil) {
    self.position = position
    self.context = context
    self.dockerfile = dockerfile
  }

  /// The services whose images this build uses, each with the position of its first reference.
  package var services: [Located<String>] {
    contexts.values.compactMap { context in
      guard context.value.hasPrefix("service:") else { return nil }
      return Located(String(context.value.dropFirst(8)), at: context.position)
    }
  }
}
