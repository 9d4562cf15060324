import OrderedCollections
import YAML

/// A setting that can't be understood, in a line.
public struct SettingError: Error, Sendable, CustomStringConvertible {
  /// The line.
  public let description: String

  /// Makes an error.
  public init(description: String) { self.description = description }

  /// Text that is no duration.
  ///
  /// - Parameters:
  ///   - place: the setting, as the reader knows it.
  ///   - text: what stands there.
  public init(_ place: String, takesDurationNot text: String) {
    description = "\(place) takes a duration such as 10s or 2m, not '\(text)'"
  }
}

/// The settings of a program: each is a long option, a variable of the environment and a key of its file.
public protocol SettingKey: RawRepresentable, Hashable, Sendable where RawValue == String {
  /// The program's part of the variables' names, such as `POD_REAPER`.
  static var variablePrefix: String { get }
  /// What is so where nobody says anything.
  var standard: String? { get }
}

extension SettingKey {
  /// The variable's name.
  public var variable: String { SettingVariable.name(of: rawValue, prefix: Self.variablePrefix) }
}

/// Settings as variables of the environment.
public enum SettingVariable {
  /// The variable of a long option: `POD_REAPER_RUN_DIR` for `run-dir`.
  ///
  /// - Parameters:
  ///   - option: the option, without its dashes.
  ///   - prefix: the program's part of the name, such as `POD_REAPER`.
  /// - Returns: the variable's name.
  public static func name(of option: String, prefix: String) -> String {
    prefix + "_" + option.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }
}

/// Where a setting's value comes from, strongest first: the command line, the environment, the file.
public struct SettingSources<Key: SettingKey>: Sendable {
  private let options: [Key: String]
  private let environment: [String: String]
  private let file: SettingsFile

  /// Joins the three.
  ///
  /// - Parameters:
  ///   - options: what the command line says.
  ///   - environment: the process's.
  ///   - file: the settings file.
  public init(options: [Key: String], environment: [String: String], file: SettingsFile) {
    self.options = options
    self.environment = environment
    self.file = file
  }

  /// A setting's text; nil where nobody says anything and nothing is the standard.
  public func text(_ key: Key) -> String? {
    options[key] ?? environment[key.variable] ?? file.entries[key.rawValue]?.value.settingText
      ?? key.standard
  }

  /// What an error names: the option, the variable, or the place in the file.
  public func place(_ key: Key) -> String {
    if options[key] != nil { return "--\(key.rawValue)" }
    if environment[key.variable] != nil { return key.variable }
    if let entry = file.entries[key.rawValue] {
      return "\(entry.value.position): \(key.rawValue)"
    }
    return key.rawValue
  }

  /// A duration.
  /// - Throws: `SettingError` with the setting's place.
  public func duration(_ key: Key) throws(SettingError) -> Duration {
    let value = text(key) ?? ""
    guard let duration = DurationText.parse(value) else {
      throw SettingError(place(key), takesDurationNot: value)
    }
    return duration
  }

  /// True or false.
  /// - Throws: `SettingError` with the setting's place.
  public func flag(_ key: Key) throws(SettingError) -> Bool {
    switch text(key) {
    case "true", "1", "yes": true
    case "false", "0", "no": false
    default:
      throw SettingError(
        description: "\(place(key)) takes true or false, not '\(text(key) ?? "")'")
    }
  }

  /// A whole number in a range.
  /// - Throws: `SettingError` with the setting's place.
  public func count(_ key: Key, _ range: ClosedRange<Int>) throws(SettingError) -> Int {
    guard let number = text(key).flatMap({ Int($0) }), range.contains(number) else {
      throw SettingError(
        description: "\(place(key)) takes a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A number of bytes.
  /// - Throws: `SettingError` with the setting's place.
  public func size(_ key: Key) throws(SettingError) -> Int64 {
    let value = text(key) ?? ""
    guard let bytes = SizeText.parse(value), 1...(1 << 40) ~= bytes else {
      throw SettingError(description: "\(place(key)) takes a size such as 10m, not '\(value)'")
    }
    return bytes
  }

  /// An absolute path.
  ///
  /// - Parameters:
  ///   - key: the setting.
  ///   - standard: the path where nobody says anything.
  /// - Returns: the path.
  /// - Throws: `SettingError` with the setting's place.
  public func path(_ key: Key, standard: String? = nil) throws(SettingError) -> String {
    guard let path = text(key) ?? standard, path.hasPrefix("/"), path.count > 1 else {
      throw SettingError(description: "\(place(key)) takes an absolute path")
    }
    return path
  }

  /// Words with commas between them, without spaces.
  public func words(_ key: Key) -> [String] {
    (text(key) ?? "").split(separator: ",").map { String($0.filter { $0 != " " }) }
  }
}
