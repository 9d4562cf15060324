import DockerEngine

/// Where the engine puts the output of containers whose service has no `logging:`. The sandbox has
/// it in any case.
public enum PodLogging: Sendable, Equatable {
  /// json-file, two files of 50 MB: a host's disk isn't filled by what the sandbox has already.
  case bounded
  /// Whatever the engine's own configuration says (`log-driver` in daemon.json).
  case engine
  /// A driver with its options.
  case driver(String, options: [String: String])

  /// One by a word: `engine`, or a driver's name; nil for none, which leaves nothing to read again
  /// after the engine was away.
  ///
  /// - Parameter word: the word.
  public init?(word: String) {
    switch word {
    case "", "none": return nil
    case "engine": self = .engine
    case "json-file": self = .bounded
    default: self = .driver(word, options: [:])
    }
  }

  /// `engine`, or the driver's name.
  public var word: String {
    switch self {
    case .bounded: "json-file"
    case .engine: "engine"
    case .driver(let name, _): name
    }
  }

  /// What a create request says of it; nil leaves it to the engine.
  var config: LogConfig? {
    switch self {
    case .bounded: LogConfig(type: "json-file", config: ["max-size": "50m", "max-file": "2"])
    case .engine: nil
    case .driver(let name, let options): LogConfig(type: name, config: options)
    }
  }
}
