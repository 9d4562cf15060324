import Logging
import PodRuntime
import Program

/// Settings from the command line, the environment and the operator's file, strongest first.
struct Settings {
  /// The long options that are also `COMPOSE_EXECUTOR_…` in the environment and keys of the operator's file.
  static let names = Set([
    "agent-id", "cleanup-timeout", "engine-timeout", "executor-id", "framework-id", "grace",
    "launch-timeout", "log-level", "ports", "run-id", "task-id",
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
    let variable =
      "COMPOSE_EXECUTOR_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    return option ?? environment[variable] ?? file.settings[name]
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
      throw SettingError(
        description: "\(name) takes a duration such as 10s or 2m, not '\(text)'")
    }
    return duration
  }

  /// How long the parts of a pod's life may take.
  ///
  /// - Parameters:
  ///   - launch: what the command line says of the launch.
  ///   - engine: … of the engine's absence.
  ///   - cleanup: … of the clean-up.
  /// - Returns: the timeouts.
  /// - Throws: `SettingError`.
  func timeouts(
    launch: String? = nil, engine: String? = nil, cleanup: String? = nil
  ) throws(SettingError) -> PodTimeouts {
    let standard = PodTimeouts()
    return PodTimeouts(
      launch: try duration("launch-timeout", option: launch) ?? standard.launch,
      engine: try duration("engine-timeout", option: engine) ?? standard.engine,
      cleanup: try duration("cleanup-timeout", option: cleanup) ?? standard.cleanup)
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
