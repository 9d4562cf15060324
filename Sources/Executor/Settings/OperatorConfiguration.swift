import Compose
import Glibc
import OrderedCollections
import PodIdentity
import PodRuntime
import YAML
import Settings

/// The operator's file: defaults for every setting, and the permissions of pods.
struct OperatorConfiguration {
  /// The default path.
  static let standardPath = "/etc/compose-executor.yaml"

  /// Settings by their long options.
  var settings: [String: String] = [:]
  /// The log driver for services without `logging:`; nil where the file does not set it.
  var logging: PodLogging?
  /// The policy: everything is permitted without `allow:`; with it, only what it lists.
  var policy = PodPolicy.unrestricted
  /// Defaults for containers whose Compose files do not set the values.
  var defaults = OperatorDefaults()
  /// The slices of pods, for engines with the systemd cgroup driver.
  var slices = SliceSettings()

  /// The program that provides the values of external secrets and configs; nil where pods can't use
  /// them.
  var secretCommand: String?
  /// The directories to search for programs; nil for the default ones.
  var programPath: [String]?
  /// The group whose members may use executors' control sockets, by name or number; nil for none.
  var controlGroup: String?

  /// Reads the file. A missing file restricts nothing.
  ///
  /// - Parameter path: its path.
  /// - Throws: `DiagnosticError` with the location of an unknown key or an invalid value, or for a
  ///   file that users other than root could have written, because a task must not be able to
  ///   change its policy.
  init(path: String = OperatorConfiguration.standardPath) throws(DiagnosticError) {
    try self.init(SettingsFile(path: path, owner: .root, isOptional: true))
  }

  /// Parses the text of the file.
  init(text: String, file: String) throws(DiagnosticError) {
    try self.init(SettingsFile(text: text, file: file))
  }

  private init(_ file: SettingsFile) throws(DiagnosticError) {
    for (key, entry) in file.entries {
      if key == "allow" {
        policy = try Self.policy(entry.value)
      } else if key == "defaults" {
        defaults = try Self.defaults(entry.value)
      } else if key == "slice-parent" {
        slices.parent = try Self.sliceParent(entry.value)
      } else if key == "secret-command" {
        guard let path = entry.value.string, path.hasPrefix("/") else {
          throw DiagnosticError("secret-command takes an absolute path", at: entry.value.position)
        }
        secretCommand = path
      } else if key == "control-group" {
        guard let group = entry.value.oneSetting, !group.isEmpty else {
          throw DiagnosticError(
            "control-group takes a group's name or number", at: entry.value.position)
        }
        controlGroup = group
      } else if key == "program-path" {
        programPath = try Self.programPath(entry.value)
      } else if key == "escape-isolators" {
        guard let word = entry.value.string, let escape = SliceSettings.Escape(rawValue: word)
        else {
          throw DiagnosticError("escape-isolators takes refuse or warn", at: entry.value.position)
        }
        slices.escape = escape
      } else if key == "logging" {
        logging = try Self.logging(entry.value)
      } else if Settings.names.contains(key) {
        guard let text = entry.value.oneSetting else {
          throw DiagnosticError("\(key) takes one value", at: entry.value.position)
        }
        settings[key] = text
      } else {
        let sections = ["launchtask", "cleanpod", "podstatushooks", "infracontainer", "plugins"]
        if sections.contains(key.lowercased()) {
          throw DiagnosticError(
            "'\(key)' is a section of an earlier executor's file: docs/migration.md lists the settings that replace it",
            at: entry.keyPosition)
        }
        throw DiagnosticError(
          "unknown setting '\(key)': known are allow, defaults, \(Self.names.joined(separator: ", "))",
          at: entry.keyPosition)
      }
    }
  }

  /// The names of all settings except `allow` and `defaults`. A task's environment may set a part
  /// of them; `ownNames` are only in this file.
  static let names = Settings.names.union(ownNames).sorted()

  /// The settings that only this file can set.
  static let ownNames: Set<String> = [
    "control-group", "escape-isolators", "program-path", "secret-command", "slice-parent",
  ]

  private static func sliceParent(_ node: YAMLNode) throws(DiagnosticError) -> String {
    guard let name = node.string, PodSlice(run: "run", parent: name) != nil else {
      throw DiagnosticError(
        "slice-parent takes the name of a slice, such as mesos.slice", at: node.position)
    }
    return name
  }

  /// Directories with colons between them, or a list of directories.
  private static func programPath(_ node: YAMLNode) throws(DiagnosticError) -> [String] {
    let words =
      node.sequence?.map { $0.string ?? "" }
      ?? node.string?.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard let words, !words.isEmpty, words.allSatisfy({ $0.hasPrefix("/") }) else {
      throw DiagnosticError("program-path takes absolute paths of directories", at: node.position)
    }
    return words.flatMap { $0.split(separator: ":").map(String.init) }
  }

  // MARK: logging

  /// The name of a driver, or a driver with options in the form of a Compose file.
  private static func logging(_ node: YAMLNode) throws(DiagnosticError) -> PodLogging {
    if let word = node.string {
      guard let logging = PodLogging(word: word) else {
        throw DiagnosticError(Settings.loggingRefusal(word), at: node.position)
      }
      return logging
    }
    guard let entries = node.mapping else {
      throw DiagnosticError(
        "logging takes engine, a driver's name, or a mapping of driver and options",
        at: node.position)
    }
    var options: [String: String] = [:]
    for (key, entry) in entries {
      switch key {
      case "driver": break
      case "options":
        guard let values = entry.value.mapping else {
          throw DiagnosticError("logging.options takes a mapping", at: entry.value.position)
        }
        for (name, value) in values {
          guard let text = value.value.oneSetting else {
            throw DiagnosticError(
              "logging.options.\(name) takes one value", at: value.value.position)
          }
          options[name] = text
        }
      default:
        throw DiagnosticError(
          "unknown key 'logging.\(key)': known are driver, options", at: entry.keyPosition)
      }
    }
    guard let driver = node["driver"]?.string, !driver.isEmpty else {
      throw DiagnosticError("logging needs a driver", at: node.position)
    }
    if driver == "none" || driver == "engine" {
      throw DiagnosticError(
        Settings.loggingRefusal(driver), at: node["driver"]?.position ?? node.position)
    }
    return .driver(driver, options: options)
  }

  // MARK: allow

  private static func policy(_ node: YAMLNode) throws(DiagnosticError) -> PodPolicy {
    var policy = PodPolicy.strict
    if node.isNull { return policy }
    guard let entries = node.mapping else {
      throw DiagnosticError("allow takes a mapping", at: node.position)
    }
    for (key, entry) in entries {
      guard let permission = Permission(rawValue: key) else {
        let known = Permission.allCases.map(\.rawValue).joined(separator: ", ")
        throw DiagnosticError(
          "unknown key 'allow.\(key)': known are \(known)", at: entry.keyPosition)
      }
      switch permission {
      case .privileged, .hostNamespaces, .dockerSocket, .hooks:
        policy[permission] = try flag(key, entry.value) ? .everything : .only([])
      case .maxPids: policy.maxPids = try count(key, entry.value)
      case .maxContainers: policy.maxContainers = try count(key, entry.value)
      case .publishedPorts:
        policy[permission] =
          entry.value.string == "offered"
          ? .only(["offered"])
          : try flag(key, entry.value, or: ", or offered") ? .everything : .only([])
      case .build:
        policy[permission] = try list(key, entry.value, of: PodPolicy.buildParts)
      case .devices, .capabilities, .bindMounts, .runtimes, .networkDrivers, .networks, .subnets,
        .volumeDrivers, .volumes, .logDrivers, .registries, .securityOpt, .annotations, .sysctls,
        .ulimits, .storageOpt:
        policy[permission] = try list(key, entry.value)
      }
    }
    return policy
  }

  private static func flag(
    _ key: String, _ node: YAMLNode, or other: String = ""
  ) throws(DiagnosticError) -> Bool {
    guard let flag = node.boolean else {
      throw DiagnosticError("allow.\(key) takes true or false\(other)", at: node.position)
    }
    return flag
  }

  private static func count(_ key: String, _ node: YAMLNode) throws(DiagnosticError) -> Int {
    guard let number = node.integer, number > 0, number <= Int32.max else {
      throw DiagnosticError("allow.\(key) takes a number above 0", at: node.position)
    }
    return Int(number)
  }

  private static func list(
    _ key: String, _ node: YAMLNode, of known: [String]? = nil
  ) throws(DiagnosticError) -> PodPolicy.Allowed {
    if let flag = node.boolean { return flag ? .everything : .only([]) }
    guard let items = node.sequence else {
      throw DiagnosticError("allow.\(key) takes true, false or a list", at: node.position)
    }
    var words: [String] = []
    for item in items {
      guard let word = item.string else {
        throw DiagnosticError("allow.\(key) takes a list of strings", at: item.position)
      }
      if let known, !known.contains(word) {
        throw DiagnosticError(
          "allow.\(key) lists some of \(known.joined(separator: ", ")), not '\(word)'",
          at: item.position)
      }
      words.append(word)
    }
    return .only(words)
  }
}
