import Compose
import Logging
import PodRuntime
import Program
import Settings

/// Settings from the command line, the environment and the operator's file, in this order of
/// precedence.
struct Settings {
  /// The long options that also have a variable `COMPOSE_EXECUTOR_…` and a key in the operator's
  /// file.
  static let names = Set([
    "agent-id", "cleanup-timeout", "engine-timeout", "executor-id", "framework-id", "grace",
    "launch-timeout", "log-level", "logging", "ports", "relist-interval", "run-id", "task-disk",
    "task-id",
  ]).union(podOptions)

  let environment: [String: String]
  let file: OperatorConfiguration

  /// The text of a setting; nil where it is not set.
  ///
  /// - Parameters:
  ///   - name: the long option, without its dashes.
  ///   - option: the value in the command line.
  /// - Returns: the first value in the order of precedence.
  func text(_ name: String, option: String? = nil) -> String? {
    userValue(name, option: option) ?? file.settings[name]
  }

  /// The text of a setting from the command line or the environment, without the operator's file;
  /// nil where neither sets it.
  func userValue(_ name: String, option: String? = nil) -> String? {
    option ?? environment[SettingVariable.name(of: name, prefix: "COMPOSE_EXECUTOR")]
  }

  /// A setting that is a duration.
  ///
  /// - Parameters:
  ///   - name: the long option, without its dashes.
  ///   - option: the value in the command line.
  /// - Returns: the duration; nil where it is not set.
  /// - Throws: `ConfigurationError` for an invalid duration.
  func duration(_ name: String, option: String? = nil) throws(ConfigurationError) -> Duration? {
    guard let text = text(name, option: option) else { return nil }
    guard let duration = DurationText.parse(text) else {
      throw ConfigurationError(name, takesDurationNot: text)
    }
    return duration
  }

  /// The time limits of a pod.
  ///
  /// - Parameters:
  ///   - launch: the command line's limit for the launch.
  ///   - engine: the command line's limit for the engine's absence.
  ///   - cleanup: the command line's limit for the removal.
  ///   - relist: the command line's interval between lists.
  /// - Returns: the timeouts.
  /// - Throws: `ConfigurationError`.
  func timeouts(
    launch: String? = nil, engine: String? = nil, cleanup: String? = nil, relist: String? = nil
  ) throws(ConfigurationError) -> PodTimeouts {
    let standard = PodTimeouts()
    let interval = try duration("relist-interval", option: relist) ?? standard.relist
    if interval < .seconds(1) {
      throw ConfigurationError(description: "relist-interval takes 1s or more")
    }
    return PodTimeouts(
      launch: try duration("launch-timeout", option: launch) ?? standard.launch,
      engine: try duration("engine-timeout", option: engine) ?? standard.engine,
      cleanup: try duration("cleanup-timeout", option: cleanup) ?? standard.cleanup,
      relist: interval)
  }

  /// The log driver for services without `logging:`.
  ///
  /// - Parameter option: the value in the command line.
  /// - Returns: the first value in the order of precedence; bounded files where none is set.
  /// - Throws: `ConfigurationError` for an invalid driver, or one that the operator does not allow.
  func logging(option: String? = nil) throws(ConfigurationError) -> PodLogging {
    guard let word = userValue("logging", option: option) else { return file.logging ?? .bounded }
    guard let logging = PodLogging(word: word) else {
      throw ConfigurationError(description: Self.loggingRefusal(word))
    }
    // Under Mesos, the environment can be set by the task, so the operator's rules apply.
    let own = file.logging ?? .bounded
    guard logging == own || !file.defaults.enforced.contains(.logging) else {
      throw ConfigurationError(
        description:
          "logging \(word) is not allowed on this host: \(own.word) (operator's file, defaults: enforce: logging)"
      )
    }
    guard file.policy.allows(.logDrivers, word) || logging == .bounded else {
      throw ConfigurationError(
        description:
          "logging \(word) is not allowed on this host (operator's file, allow: log-drivers)")
    }
    return logging
  }

  static func loggingRefusal(_ word: String) -> String {
    word == "none"
      ? "logging driver 'none' has no log to read after the engine was away: name another driver, or engine"
      : "logging takes engine, or a driver's name, not '\(word)'"
  }

  /// The level of the log on standard error.
  ///
  /// - Parameter option: the value in the command line.
  /// - Returns: the lowest level that is printed.
  /// - Throws: `ConfigurationError`.
  func logLevel(option: String? = nil) throws(ConfigurationError) -> Logger.Level {
    guard let text = text("log-level", option: option) else { return .info }
    guard let level = Logger.Level(rawValue: text) else {
      throw ConfigurationError(
        description: "log-level takes debug, info, warning or error, not '\(text)'")
    }
    return level
  }
}
