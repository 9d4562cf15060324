import Logging
import OrderedCollections
import PodObjects
import YAML
import Settings

/// The settings of pod-reaper.
package struct ReaperSettings: Sendable {
  var grace: Duration
  var interval: Duration
  /// The cgroups whose children are runs, without a slash at either end.
  var cgroupRoots: [String]
  /// Whether roots from labels are searched too: only if the operator set no roots.
  var findsRootsByLabels: Bool
  var removal: RemovalPolicy
  /// The number of containers that are stopped and removed at once, across all pods.
  var parallel: Int
  var agent: AgentClient?
  var checkpoint: Checkpoint?
  var runDirectory: String
  /// The socket for leases, the socket for the agent's hook, and the directory for events that it
  /// could not deliver.
  var leaseSocket: String
  var notifySocket: String
  var spoolDirectory: String
  var stateDirectory: String
  var journalSize: Int64
  var lockTimeout: Duration
  var logLevel: Logger.Level
  var logsJSON: Bool
  var metrics: ListenAddress?
  /// Whether a report about a crashed executor's pod is written into its sandbox.
  var crashReports: Bool
  /// The largest number of failed pods that are kept.
  var keepFailedMax: Int
  /// The usage of the engine's disk above which no pod is kept, in percent.
  var keepFailedDisk: Int
  /// The settings of image care; nil if it is off.
  var imageCare: ImageCareSettings?

  /// Reads all settings and checks them as a whole. The first source that has a setting wins:
  /// options, environment, settings file.
  ///
  /// - Parameters:
  ///   - options: the values of the command line, by setting.
  ///   - environment: the environment of this process.
  ///   - file: the settings file; nil for the default file, which may be missing.
  /// - Throws: `ConfigurationError`, `DiagnosticError` with file, line and column.
  package init(
    options: [SettingName: String], environment: [String: String], file: String?
  ) throws {
    let source = SettingSources(
      options: options, environment: environment, file: try SettingsFile.reapers(file))
    grace = try source.duration(.grace)
    interval = try source.duration(.interval)
    guard interval >= .seconds(1) else {
      throw ConfigurationError(description: "\(source.location(.interval)) must be at least 1s")
    }
    cgroupRoots = source.words(.cgroupRoots).map { String($0.drop { $0 == "/" }) }
    findsRootsByLabels = source.text(.cgroupRoots) == SettingName.cgroupRoots.standard
    for root in cgroupRoots where !Self.isRoot(root) {
      throw ConfigurationError(
        description:
          "\(source.location(.cgroupRoots)): '\(root)' is no cgroup below a hierarchy's root")
    }
    removal = RemovalPolicy(
      stopTimeout: Int((try source.duration(.stopTimeout)).components.seconds),
      keepsVolumes: try source.flag(.keepVolumes),
      patience: try source.duration(.removalTimeout), finishesRequests: false)
    parallel = try source.count(.parallel, 1...256)
    checkpoint = source.text(.agentWorkDirectory).map { Checkpoint(agentWorkDirectory: $0) }
    let sees = try source.flag(.agentSeesEverything)
    agent = try source.text(.agentURL).map {
      try AgentClient(
        url: $0, tokenFile: source.text(.agentTokenFile),
        authorities: source.text(.agentAuthorities),
        seesEverything: sees)
    }
    runDirectory = try source.path(.runDirectory)
    leaseSocket = try source.path(.leaseSocket, standard: runDirectory + "/lease.sock")
    notifySocket = try source.path(.notifySocket, standard: runDirectory + "/notify.sock")
    spoolDirectory = try source.path(.spoolDirectory, standard: runDirectory + "/spool")
    stateDirectory = try source.path(.stateDirectory)
    journalSize = try source.size(.journalSize)
    lockTimeout = try source.duration(.lockTimeout)
    guard let level = Logger.Level(rawValue: source.text(.logLevel) ?? "") else {
      throw ConfigurationError(
        description: "\(source.location(.logLevel)) takes debug, info, warning or error")
    }
    logLevel = level
    guard let format = source.text(.logFormat), ["text", "json"].contains(format) else {
      throw ConfigurationError(description: "\(source.location(.logFormat)) takes text or json")
    }
    logsJSON = format == "json"
    crashReports = try source.flag(.crashReports)
    keepFailedMax = try source.count(.keepFailedMax, 0...1000)
    keepFailedDisk = try source.count(.keepFailedDisk, 0...100)
    imageCare = try Self.imageCare(source)
    metrics = try source.text(.metrics).map {
      try ListenAddress($0, location: source.location(.metrics))
    }
  }

  private static func imageCare(
    _ source: SettingSources<SettingName>
  ) throws -> ImageCareSettings? {
    // All are checked even if image care is off, so that a mistake is found before it is turned on.
    let settings = ImageCareSettings(
      age: try source.duration(.imageAge), high: try source.percent(.diskHigh),
      low: try source.percent(.diskLow), most: try source.count(.imageMax, 1...10_000),
      keep: source.words(.imageKeep))
    guard settings.high == 0 || settings.low <= settings.high else {
      throw ConfigurationError(
        description: "\(source.location(.diskLow)) must not be above disk-high (\(settings.high))")
    }
    guard settings.age >= .seconds(60) else {
      throw ConfigurationError(description: "\(source.location(.imageAge)) must be at least 1m")
    }
    switch source.text(.imageCare) {
    case "on", "true", "yes": return settings
    case "off", "false", "no": return nil
    default: throw ConfigurationError(description: "\(source.location(.imageCare)) takes on or off")
    }
  }

  private static func isRoot(_ text: String) -> Bool {
    let components = text.split(separator: "/", omittingEmptySubsequences: false)
    return !components.isEmpty
      && components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
  }
}

extension SettingSources {
  /// A percentage, with or without the percent sign.
  fileprivate func percent(_ key: Key) throws(ConfigurationError) -> Int {
    let text = text(key) ?? ""
    guard let number = Int(text.hasSuffix("%") ? text.dropLast() : text[...]),
      0...100 ~= number
    else {
      throw ConfigurationError(description: "\(location(key)) takes a percentage from 0 to 100")
    }
    return number
  }
}

extension SettingsFile {
  /// Reads the reaper's settings file.
  ///
  /// - Parameter path: the path; nil for the default file, which may be missing.
  /// - Returns: the settings in the file.
  /// - Throws: `DiagnosticError` with file, line and column of an unknown key or an invalid value,
  ///   or for a file that others may write.
  static func reapers(_ path: String?) throws(DiagnosticError) -> SettingsFile {
    try SettingsFile(path: path ?? reapersPath, owner: .rootOrSelf, isOptional: path == nil)
      .checked()
  }

  static func reapers(text: String, file: String) throws(DiagnosticError) -> SettingsFile {
    try SettingsFile(text: text, file: file).checked()
  }

  private func checked() throws(DiagnosticError) -> SettingsFile {
    for (key, entry) in entries {
      guard SettingName(rawValue: key) != nil else {
        let known = SettingName.allCases.map(\.rawValue).sorted().joined(separator: ", ")
        throw DiagnosticError("unknown setting '\(key)': known are \(known)", at: entry.keyPosition)
      }
      guard entry.value.settingText != nil else {
        throw DiagnosticError("\(key) takes one value", at: entry.value.position)
      }
    }
    return self
  }
}
