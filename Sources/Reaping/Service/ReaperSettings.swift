import Logging
import OrderedCollections
import Program
import YAML

/// Where the reaper is told what.
package struct ReaperSettings: Sendable {
  var grace: Duration
  var interval: Duration
  /// Cgroups below which runs are looked for, without a slash at either end.
  var cgroupRoots: [String]
  /// Whether the roots that labels name count as well: where nobody named others.
  var findsRootsByLabels: Bool
  var removal: RemovalPolicy
  var agent: AgentClient?
  var checkpoint: Checkpoint?
  var runFolder: String
  /// Where executors lease, where the agent's hook notifies, and where what it has to say waits.
  var leaseSocket: String
  var notifySocket: String
  var spoolFolder: String
  var stateFolder: String
  var journalSize: Int64
  var lockTimeout: Duration
  var logLevel: Logger.Level
  var logsJSON: Bool
  var metrics: ListenAddress?

  /// Reads all settings, the command line's before the environment's before the file's, and checks
  /// them as a whole.
  ///
  /// - Parameters:
  ///   - options: what the command line says, by the option's name.
  ///   - environment: this process's.
  ///   - file: the settings file; nil for the standard one, which may be missing.
  /// - Throws: `SettingError`, `ComposeError` with the place in the file.
  package init(options: [SettingName: String], environment: [String: String], file: String?) throws
  {
    let entries = try SettingsFile.read(file)
    let source = Source(options: options, environment: environment, file: entries)
    grace = try source.duration(.grace)
    interval = try source.duration(.interval)
    guard interval >= .seconds(1) else {
      throw SettingError(description: "\(source.place(.interval)) must be at least 1s")
    }
    cgroupRoots = try source.words(.cgroupRoots)
    findsRootsByLabels = source.text(.cgroupRoots) == SettingName.cgroupRoots.standard
    for root in cgroupRoots where !Self.isRoot(root) {
      throw SettingError(
        description:
          "\(source.place(.cgroupRoots)): '\(root)' is no cgroup below a hierarchy's root")
    }
    removal = RemovalPolicy(
      stopTimeout: Int((try source.duration(.stopTimeout)).components.seconds),
      keepsVolumes: try source.flag(.keepVolumes), parallel: try source.count(.parallel, 1...256),
      patience: try source.duration(.removalTimeout))
    checkpoint = source.text(.agentWorkFolder).map { Checkpoint(workFolder: $0) }
    let sees = try source.flag(.agentSeesEverything)
    agent = try source.text(.agentURL).map {
      try AgentClient(
        url: $0, tokenFile: source.text(.agentTokenFile),
        authorities: source.text(.agentAuthorities),
        seesEverything: sees)
    }
    runFolder = try source.path(.runFolder)
    leaseSocket = try source.path(.leaseSocket, standard: runFolder + "/lease.sock")
    notifySocket = try source.path(.notifySocket, standard: runFolder + "/notify.sock")
    spoolFolder = try source.path(.spoolFolder, standard: runFolder + "/spool")
    stateFolder = try source.path(.stateFolder)
    journalSize = try source.size(.journalSize)
    lockTimeout = try source.duration(.lockTimeout)
    guard let level = Logger.Level(rawValue: source.text(.logLevel) ?? "") else {
      throw SettingError(
        description: "\(source.place(.logLevel)) takes debug, info, warning or error")
    }
    logLevel = level
    guard let format = source.text(.logFormat), ["text", "json"].contains(format) else {
      throw SettingError(description: "\(source.place(.logFormat)) takes text or json")
    }
    logsJSON = format == "json"
    metrics = try source.text(.metrics).map { try ListenAddress($0, place: source.place(.metrics)) }
  }

  private static func isRoot(_ text: String) -> Bool {
    let components = text.split(separator: "/", omittingEmptySubsequences: false)
    return !components.isEmpty
      && components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
  }

  /// Where a setting's value comes from, strongest first.
  struct Source {
    let options: [SettingName: String]
    let environment: [String: String]
    let file: [SettingName: SettingsFile.Value]

    func text(_ name: SettingName) -> String? {
      options[name] ?? environment[name.variable] ?? file[name]?.text ?? name.standard
    }

    /// What to name in an error.
    func place(_ name: SettingName) -> String {
      if options[name] != nil { return "--\(name.rawValue)" }
      if environment[name.variable] != nil { return name.variable }
      if let entry = file[name] { return "\(entry.position): \(name.rawValue)" }
      return name.rawValue
    }

    func duration(_ name: SettingName) throws(SettingError) -> Duration {
      let value = text(name) ?? ""
      guard let duration = DurationText.parse(value) else {
        throw SettingError(
          description: "\(place(name)) takes a duration such as 10s or 2m, not '\(value)'")
      }
      return duration
    }

    func flag(_ name: SettingName) throws(SettingError) -> Bool {
      switch text(name) {
      case "true", "1", "yes": return true
      case "false", "0", "no": return false
      default:
        throw SettingError(
          description: "\(place(name)) takes true or false, not '\(text(name) ?? "")'")
      }
    }

    func count(_ name: SettingName, _ range: ClosedRange<Int>) throws(SettingError) -> Int {
      guard let number = text(name).flatMap({ Int($0) }), range.contains(number) else {
        throw SettingError(
          description:
            "\(place(name)) takes a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }

    func size(_ name: SettingName) throws(SettingError) -> Int64 {
      let value = text(name) ?? ""
      let factors: [Substring: Int64] = ["": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
      let digits = value.prefix { $0.isNumber }
      guard let number = Int64(digits), let factor = factors[value.dropFirst(digits.count)],
        case (let bytes, overflow: false) = number.multipliedReportingOverflow(by: factor),
        1...(1 << 40) ~= bytes
      else {
        throw SettingError(description: "\(place(name)) takes a size such as 10m, not '\(value)'")
      }
      return bytes
    }

    func path(
      _ name: SettingName, standard: String? = nil
    ) throws(SettingError) -> String {
      guard let path = text(name) ?? standard, path.hasPrefix("/"), path.count > 1 else {
        throw SettingError(description: "\(place(name)) takes an absolute path")
      }
      return path
    }

    func words(_ name: SettingName) throws(SettingError) -> [String] {
      (text(name) ?? "").split(separator: ",").map { String($0.filter { $0 != " " }) }
        .map { String($0.drop { $0 == "/" }) }
    }
  }
}

extension SettingsFile {
  /// A value of the reaper's file and its place.
  struct Value: Sendable {
    var text: String
    var position: SourcePosition
  }

  /// Reads the reaper's file.
  ///
  /// - Parameter path: its path; nil for the standard one, which may be missing.
  /// - Returns: what it sets.
  /// - Throws: `ComposeError` with the place of an unknown key or a bad value, or for a file that
  ///   anybody can write.
  static func read(_ path: String?) throws(ComposeError) -> [SettingName: Value] {
    try SettingsFile(path: path, standard: reapersPath).values()
  }

  static func read(text: String, file: String) throws(ComposeError) -> [SettingName: Value] {
    try SettingsFile(text: text, file: file).values()
  }

  private func values() throws(ComposeError) -> [SettingName: Value] {
    var result: [SettingName: Value] = [:]
    for (key, entry) in entries {
      guard let name = SettingName(rawValue: key) else {
        let known = SettingName.allCases.map(\.rawValue).sorted().joined(separator: ", ")
        throw ComposeError("unknown setting '\(key)': known are \(known)", at: entry.keyPosition)
      }
      guard let text = entry.text else {
        throw ComposeError("\(key) takes one value", at: entry.position)
      }
      result[name] = Value(text: text, position: entry.position)
    }
    return result
  }
}
