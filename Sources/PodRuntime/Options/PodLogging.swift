import DockerEngine

/// The engine's log configuration for containers whose service has no `logging:`. The sandbox
/// receives their output in any case.
package enum PodLogging: Sendable, Equatable {
  /// json-file with two files of 50 MB, which limits the disk space of a second copy.
  case bounded
  /// The engine's own configuration (`log-driver` in daemon.json).
  case engine
  /// A driver with its options.
  case driver(String, options: [String: String])

  /// Creates a configuration from a name: `engine`, or a driver's name. An empty name gives nil,
  /// and so does the driver `none`, whose log can't be read after the engine was unreachable.
  ///
  /// - Parameter word: the name.
  package init?(word: String) {
    switch word {
    case "", "none": return nil
    case "engine": self = .engine
    case "json-file": self = .bounded
    default: self = .driver(word, options: [:])
    }
  }

  /// `engine`, or the driver's name.
  package var word: String {
    switch self {
    case .bounded: "json-file"
    case .engine: "engine"
    case .driver(let name, _): name
    }
  }

  /// The configuration in a create request; nil for the engine's default.
  var config: LogConfig? {
    switch self {
    case .bounded: LogConfig(type: "json-file", config: ["max-size": "50m", "max-file": "2"])
    case .engine: nil
    case .driver(let name, let options): LogConfig(type: name, config: options)
    }
  }
}
