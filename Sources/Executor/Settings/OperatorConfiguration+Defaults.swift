import Compose
import OrderedCollections
import PodIdentity
import PodRuntime
import Settings
import YAML

extension OperatorConfiguration {
  /// The keys of `defaults:`.
  private static let defaultKeys =
    OperatorDefaults.Key.allCases.filter { $0 != .logging }.map(\.rawValue) + ["enforce"]

  /// Parses `defaults:`.
  ///
  /// - Parameter node: its value.
  /// - Returns: the defaults for containers whose Compose files do not set the values.
  /// - Throws: `DiagnosticError` with the location of an unknown key or an invalid value.
  static func defaults(_ node: YAMLNode) throws(DiagnosticError) -> OperatorDefaults {
    var defaults = OperatorDefaults()
    if node.isNull { return defaults }
    guard let entries = node.mapping else {
      throw DiagnosticError("defaults takes a mapping", at: node.position)
    }
    for (key, entry) in entries {
      if key == "enforce" { continue }
      guard let known = OperatorDefaults.Key(rawValue: key), known != .logging else {
        throw DiagnosticError(
          "unknown key 'defaults.\(key)': known are \(defaultKeys.sorted().joined(separator: ", "))"
            + (key == "logging" ? "; logging is a setting outside defaults" : ""),
          at: entry.keyPosition)
      }
      try set(known, to: entry.value, in: &defaults)
    }
    if let node = node["enforce"] { defaults.enforced = try enforced(node, defaults) }
    return defaults
  }

  private static func set(
    _ key: OperatorDefaults.Key, to node: YAMLNode, in defaults: inout OperatorDefaults
  ) throws(DiagnosticError) {
    func refusal(_ takes: String) -> DiagnosticError {
      DiagnosticError("defaults.\(key.rawValue) takes \(takes)", at: node.position)
    }
    switch key {
    case .dns:
      let servers = try words(node, refusal("addresses"))
      guard servers.allSatisfy(IPAddress.isValid) else { throw refusal("addresses") }
      defaults.dns = servers
    case .dnsOptions: defaults.dnsOptions = try words(node, refusal("a list of options"))
    case .dnsSearch: defaults.dnsSearch = try words(node, refusal("a list of domains"))
    case .environment:
      defaults.environment = try pairs(node, refusal("a mapping of variables"))
      if defaults.environment.keys.contains(where: { $0.contains("=") }) {
        throw refusal("names without =")
      }
    case .labels:
      defaults.labels = try pairs(node, refusal("a mapping of labels"))
      if let own = defaults.labels.keys.sorted().first(where: {
        PodLabel.all.contains($0) || $0.hasPrefix("com.docker.compose.")
      }) {
        throw DiagnosticError(
          "label '\(own)' is reserved for the executor: it identifies an object's pod",
          at: node.mapping?[own]?.keyPosition ?? node.position)
      }
    case .initProcess:
      guard let flag = node.boolean else { throw refusal("true or false") }
      defaults.initProcess = flag
    case .memoryLimit:
      guard let word = node.string, word == "task" || word == "none" else {
        throw refusal("task or none")
      }
      defaults.givesTaskMemory = word == "task"
    case .pidsLimit:
      guard let number = node.integer, number > 0, number <= Int32.max else {
        throw refusal("a number above 0")
      }
      defaults.pidsLimit = Int64(number)
    case .proxies: defaults.proxies = try proxies(node)
    case .selinuxLabel:
      guard let word = node.string, word == "z" || word == "Z" else { throw refusal("z or Z") }
      defaults.selinuxLabel = word
    case .shmSize:
      guard let text = node.oneSetting, let size = SizeText.parse(text), size > 0 else {
        throw refusal("a size, such as 64m")
      }
      defaults.shmSize = size
    case .stopSignal:
      guard let word = node.oneSetting, SignalName.isValid(word) else {
        throw refusal("a signal, such as SIGTERM")
      }
      defaults.stopSignal = word
    case .ulimits: defaults.ulimits = try ulimits(node)
    case .userns:
      guard node.string == "host" else { throw refusal("host") }
      defaults.userns = "host"
    case .logging: break
    }
  }

  /// A list of strings, or a single string.
  private static func words(
    _ node: YAMLNode, _ refusal: DiagnosticError
  ) throws(DiagnosticError) -> [String] {
    let words = node.sequence?.map { $0.string ?? "" } ?? node.string.map { [$0] } ?? [""]
    if words.contains("") { throw refusal }
    return words
  }

  private static func pairs(
    _ node: YAMLNode, _ refusal: DiagnosticError
  ) throws(DiagnosticError) -> [String: String] {
    guard let entries = node.mapping else { throw refusal }
    var pairs: [String: String] = [:]
    for (name, entry) in entries {
      guard let text = entry.value.oneSetting, !name.isEmpty, !text.contains("\0"),
        !name.contains("\0")
      else {
        throw DiagnosticError("\(name) takes one value", at: entry.value.position)
      }
      pairs[name] = text
    }
    return pairs
  }

  /// The proxy variables, as the docker command makes them from its configuration: each name in
  /// upper case and in lower case.
  private static func proxies(_ node: YAMLNode) throws(DiagnosticError) -> [String: String] {
    let names = ["all", "ftp", "http", "https", "no"]
    let refusal = DiagnosticError(
      "defaults.proxies takes a mapping of \(names.joined(separator: ", "))", at: node.position)
    var variables: [String: String] = [:]
    for (name, value) in try pairs(node, refusal) {
      guard names.contains(name) else {
        throw DiagnosticError(
          "unknown key 'defaults.proxies.\(name)': known are \(names.joined(separator: ", "))",
          at: node.mapping?[name]?.keyPosition ?? node.position)
      }
      variables[name + "_proxy"] = value
      variables[name.uppercased() + "_PROXY"] = value
    }
    return variables
  }

  /// Limits in the form of a Compose file: a number, or soft and hard.
  private static func ulimits(_ node: YAMLNode) throws(DiagnosticError) -> [String: UserLimit] {
    guard let entries = node.mapping else {
      throw DiagnosticError("defaults.ulimits takes a mapping of limits", at: node.position)
    }
    var limits: [String: UserLimit] = [:]
    for (name, entry) in entries {
      guard UlimitName.all.contains(name) else {
        throw DiagnosticError(
          "unknown limit 'defaults.ulimits.\(name)': known are \(UlimitName.all.joined(separator: ", "))",
          at: entry.keyPosition)
      }
      func number(_ node: YAMLNode?) -> Int64? {
        node?.integer.flatMap { Int64(exactly: $0) }.flatMap { $0 >= -1 ? $0 : nil }
      }
      let soft = number(entry.value["soft"]) ?? number(entry.value)
      let hard = number(entry.value["hard"]) ?? number(entry.value)
      let isBoth = entry.value.mapping.map { Set($0.keys) == ["soft", "hard"] } ?? true
      guard let soft, let hard, isBoth, hard < 0 || (soft >= 0 && soft <= hard) else {
        throw DiagnosticError(
          "defaults.ulimits.\(name) takes a number, or soft and hard with soft at most hard",
          at: entry.value.position)
      }
      limits[name] = UserLimit(soft: soft, hard: hard)
    }
    return limits
  }

  private static func enforced(
    _ node: YAMLNode, _ defaults: OperatorDefaults
  ) throws(DiagnosticError) -> Set<OperatorDefaults.Key> {
    let known = OperatorDefaults.Key.allCases.filter(\.isEnforceable)
    let names = known.map(\.rawValue).joined(separator: ", ")
    guard let items = node.sequence else {
      throw DiagnosticError("defaults.enforce takes a list of \(names)", at: node.position)
    }
    var keys: Set<OperatorDefaults.Key> = []
    for item in items {
      guard let word = item.string, let key = OperatorDefaults.Key(rawValue: word),
        key.isEnforceable
      else {
        throw DiagnosticError("defaults.enforce lists some of \(names)", at: item.position)
      }
      guard key == .logging || defaults.sets(key) else {
        throw DiagnosticError(
          "defaults.enforce lists \(word), which has no default", at: item.position)
      }
      keys.insert(key)
    }
    return keys
  }
}

/// The names of signals that the engine accepts.
private enum SignalName {
  private static let names: Set<String> = [
    "ABRT", "ALRM", "BUS", "CHLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE",
    "POLL", "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU",
    "URG", "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ",
  ]

  /// Whether a text is a signal's number, or its name with or without SIG.
  static func isValid(_ text: String) -> Bool {
    if let number = Int(text) { return 1...64 ~= number && text.first != "+" }
    let name = text.hasPrefix("SIG") ? String(text.dropFirst(3)) : text
    if names.contains(name) { return true }
    for (prefix, most) in [("RTMIN+", 15), ("RTMAX-", 14)] where name.hasPrefix(prefix) {
      return Int(name.dropFirst(prefix.count)).map { 0...most ~= $0 } ?? false
    }
    return name == "RTMIN" || name == "RTMAX"
  }
}

/// The names of limits that the engine accepts (getrlimit(2)).
private enum UlimitName {
  static let all = [
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
    "rss", "rtprio", "rttime", "sigpending", "stack",
  ]
}
