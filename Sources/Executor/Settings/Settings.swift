import Compose
import Logging
import PodRuntime
import Program
import Settings

/// Settings from the command line, the environment and the operator's file, strongest first.
struct Settings {
  /// The long options that are also `COMPOSE_EXECUTOR_…` in the environment and keys of the operator's file.
  static let names = Set([
    "agent-id", "cleanup-timeout", "engine-timeout", "executor-id", "framework-id", "grace",
    "launch-timeout", "log-level", "logging", "ports", "relist-interval", "run-id", "task-disk",
    "task-id",
  ]).union(podOptions)

  let environment: [String: String]
  let file: OperatorFile

  /// A setting's text; nil where nobody says anything.
  ///
  /// - Parameters:
  ///   - name: the long option, without its dashes.
  ///   - option: what the command line says.
  /// - Returns: the strongest of the three.
  func text(_ name: String, option: String? = nil) -> String? {
    ownText(name, option: option) ?? file.settings[name]
  }

  /// A setting's text beside the operator's file; nil where neither command line nor environment says anything.
  func ownText(_ name: String, option: String? = nil) -> String? {
    option ?? environment[SettingVariable.name(of: name, prefix: "COMPOSE_EXECUTOR")]
  }

  /// A setting that is a duration.
  ///
  /// - Parameters:
  ///   - name: the long option, without its dashes.
  ///   - option: what the command line says.
  /// - Returns: the duration; nil where nobody says anything.
  /// - Throws: `SettingError` for what is none.
  func duration(_ name: String, option: String? = nil) throws(SettingError) -> Duration? {
    guard let text = text(name, option: option) else { return nil }
    guard let duration = DurationText.parse(text) else {
      throw SettingError(name, takesDurationNot: text)
    }
    return duration
  }

  /// How long the parts of a pod's life may take.
  ///
  /// - Parameters:
  ///   - launch: what the command line says of the launch.
  ///   - engine: … of the engine's absence.
  ///   - cleanup: … of the clean-up.
  ///   - relist: … of the interval between lists.
  /// - Returns: the timeouts.
  /// - Throws: `SettingError`.
  func timeouts(
    launch: String? = nil, engine: String? = nil, cleanup: String? = nil, relist: String? = nil
  ) throws(SettingError) -> PodTimeouts {
    let standard = PodTimeouts()
    let interval = try duration("relist-interval", option: relist) ?? standard.relist
    if interval < .seconds(1) {
      throw SettingError(description: "relist-interval takes 1s or more")
    }
    return PodTimeouts(
      launch: try duration("launch-timeout", option: launch) ?? standard.launch,
      engine: try duration("engine-timeout", option: engine) ?? standard.engine,
      cleanup: try duration("cleanup-timeout", option: cleanup) ?? standard.cleanup,
      relist: interval)
  }

  /// Where the engine puts the output of services without `logging:`.
  ///
  /// - Parameter option: what the command line says.
  /// - Returns: the strongest of the three; bounded files where nobody says anything.
  /// - Throws: `SettingError` for a driver that can't be.
  func logging(option: String? = nil) throws(SettingError) -> PodLogging {
    guard let word = ownText("logging", option: option) else { return file.logging ?? .bounded }
    guard let logging = PodLogging(word: word) else {
      throw SettingError(description: Self.loggingRefusal(word))
    }
    // The environment is the task's.
    let own = file.logging ?? .bounded
    guard logging == own || !file.defaults.enforced.contains(.logging) else {
      throw SettingError(
        description:
          "logging \(word) is not allowed on this host: \(own.word) (operator's file, defaults: enforce: logging)"
      )
    }
    guard file.policy.allows(.logDrivers, word) || logging == .bounded else {
      throw SettingError(
        description:
          "logging \(word) is not allowed on this host (operator's file, allow: log-drivers)")
    }
    return logging
  }

  static func loggingRefusal(_ word: String) -> String {
    word == "none"
      ? "logging driver 'none' leaves nothing to read again after the engine was away: name another driver, or engine"
      : "logging takes engine, or a driver's name, not '\(word)'"
  }

  /// What is said on stderr.
  ///
  /// - Parameter option: what the command line says.
  /// - Returns: the lowest level that is said.
  /// - Throws: `SettingError`.
  func logLevel(option: String? = nil) throws(SettingError) -> Logger.Level {
    guard let text = text("log-level", option: option) else { return .info }
    guard let level = Logger.Level(rawValue: text) else {
      throw SettingError(
        description: "log-level takes debug, info, warning or error, not '\(text)'")
    }
    return level
  }
}
