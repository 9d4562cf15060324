import OrderedCollections
import YAML

/// An invalid setting, described in one line.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  /// The line.
  package let description: String

  /// Creates an error.
  package init(description: String) { self.description = description }

  /// The error for a text that isn't a duration.
  ///
  /// - Parameters:
  ///   - location: The source of the setting, as the user wrote it.
  ///   - text: The invalid value.
  package init(_ location: String, takesDurationNot text: String) {
    description = "\(location) takes a duration such as 10s or 2m, not '\(text)'"
  }
}

/// The settings of a program: each is a long option, an environment variable and a key of the
/// settings file.
package protocol SettingKey: RawRepresentable, Hashable, Sendable where RawValue == String {
  /// The program's prefix of the variable names, such as `POD_REAPER`.
  static var variablePrefix: String { get }
  /// The default value; nil if there is none.
  var standard: String? { get }
}

extension SettingKey {
  /// The name of the environment variable.
  package var variable: String { SettingVariable.name(of: rawValue, prefix: Self.variablePrefix) }
}

/// Settings as environment variables.
package enum SettingVariable {
  /// The variable of a long option: `POD_REAPER_RUN_DIR` for `run-dir`.
  ///
  /// - Parameters:
  ///   - option: The option, without its dashes.
  ///   - prefix: The program's prefix of the name, such as `POD_REAPER`.
  /// - Returns: The name of the variable.
  package static func name(of option: String, prefix: String) -> String {
    prefix + "_" + option.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }
}

/// The sources of a setting's value. Precedence: command line, environment, settings file.
package struct SettingSources<Key: SettingKey>: Sendable {
  private let options: [Key: String]
  private let environment: [String: String]
  private let file: SettingsFile

  /// Combines the three sources.
  ///
  /// - Parameters:
  ///   - options: The values from the command line.
  ///   - environment: The environment of the process.
  ///   - file: The settings file.
  package init(options: [Key: String], environment: [String: String], file: SettingsFile) {
    self.options = options
    self.environment = environment
    self.file = file
  }

  /// The text of a setting; nil if no source sets it and it has no default.
  package func text(_ key: Key) -> String? {
    options[key] ?? environment[key.variable] ?? file.entries[key.rawValue]?.value.settingText
      ?? key.standard
  }

  /// The source of a setting for error messages: the option, the variable, or the position in the
  /// file.
  package func location(_ key: Key) -> String {
    if options[key] != nil { return "--\(key.rawValue)" }
    if environment[key.variable] != nil { return key.variable }
    if let entry = file.entries[key.rawValue] {
      return "\(entry.value.position): \(key.rawValue)"
    }
    return key.rawValue
  }

  /// The value as a duration.
  /// - Throws: `ConfigurationError` with the source of the setting.
  package func duration(_ key: Key) throws(ConfigurationError) -> Duration {
    let value = text(key) ?? ""
    guard let duration = DurationText.parse(value) else {
      throw ConfigurationError(location(key), takesDurationNot: value)
    }
    return duration
  }

  /// The value as a Boolean.
  /// - Throws: `ConfigurationError` with the source of the setting.
  package func flag(_ key: Key) throws(ConfigurationError) -> Bool {
    switch text(key) {
    case "true", "1", "yes": true
    case "false", "0", "no": false
    default:
      throw ConfigurationError(
        description: "\(location(key)) takes true or false, not '\(text(key) ?? "")'")
    }
  }

  /// The value as a whole number in a range.
  /// - Throws: `ConfigurationError` with the source of the setting.
  package func count(_ key: Key, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
    guard let number = text(key).flatMap({ Int($0) }), range.contains(number) else {
      throw ConfigurationError(
        description:
          "\(location(key)) takes a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// The value as a number of bytes.
  /// - Throws: `ConfigurationError` with the source of the setting.
  package func size(_ key: Key) throws(ConfigurationError) -> Int64 {
    let value = text(key) ?? ""
    guard let bytes = SizeText.parse(value), 1...(1 << 40) ~= bytes else {
      throw ConfigurationError(
        description: "\(location(key)) takes a size such as 10m, not '\(value)'")
    }
    return bytes
  }

  /// The value as an absolute path.
  ///
  /// - Parameters:
  ///   - key: The setting.
  ///   - standard: The default path.
  /// - Returns: The path.
  /// - Throws: `ConfigurationError` with the source of the setting.
  package func path(_ key: Key, standard: String? = nil) throws(ConfigurationError) -> String {
    guard let path = text(key) ?? standard, path.hasPrefix("/"), path.count > 1 else {
      throw ConfigurationError(description: "\(location(key)) takes an absolute path")
    }
    return path
  }

  /// The comma-separated items of the value, without spaces.
  package func words(_ key: Key) -> [String] {
    (text(key) ?? "").split(separator: ",").map { String($0.filter { $0 != " " }) }
  }
}
