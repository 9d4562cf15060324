import Compose
import Program
import Settings

/// Translates the settings of earlier compose executors (dce-go, and the Java executor before it)
/// to options of this executor.
///
/// dce-go reads `config.yaml` and `general.yaml` from the sandbox. A label `config.KEY` overrides
/// KEY of the files. A setting with the same meaning is translated, one without a counterpart gives
/// a note or a warning, and an unknown key gives a warning (docs/migration.md).
struct LegacyExecutorSettings {
  /// A setting of an earlier executor.
  struct Entry {
    /// The key, with dots between its parts.
    var key: String
    var value: String
    /// The location of the setting, for people.
    var location: String
  }

  /// The values of this executor's options, by the long option.
  private(set) var options: [String: String] = [:]
  /// Settings that were translated, or that need no counterpart.
  private(set) var notes: [String] = []
  /// Settings that have no effect.
  private(set) var warnings: [String] = []
  private var network: (name: Entry?, isPresent: Bool) = (nil, false)

  /// Translates settings. Of two settings with the same key the later one applies.
  init(_ entries: [Entry]) {
    var latest: [String: Entry] = [:]
    var order: [String] = []
    for entry in entries {
      let key = entry.key.lowercased()
      if latest.updateValue(entry, forKey: key) == nil { order.append(key) }
    }
    for key in order {
      if let entry = latest[key] { apply(key, entry) }
    }
    joinNetwork()
  }

  /// Settings that need no counterpart: this executor does not poll, starts no child process for
  /// each step, and creates no files with such names.
  private static let needless: Set<String> = [
    "launchtask.podmonitorinterval", "launchtask.pullretry", "launchtask.maxretry",
    "launchtask.retryinterval", "launchtask.composehttptimeout", "launchtask.httptimeout",
    "launchtask.composetrace", "launchtask.debug", "dockercomposeverbose", "foldername",
    "healthcheck", "infracontainer.image", "infracontainer.container_name",
    "infracontainer.networks.driver", "dockerdump.dumppath", "dockerdump.dockerpidfile",
    "dockerdump.containerpidfile", "dockerdump.dockerlogpath",
  ]

  /// Settings whose value is fixed here, and the advice for any other value.
  private static let fixed: [String: (value: String, otherwise: String)] = [
    "launchtask.skippull": (
      "true", "images are pulled only if they are missing: set pull_policy: always"
    ),
    "plugins.pluginorder": (
      "general", "hooks replace plugins: pod.pre_launch_hook and the other hooks"
    ),
    "pluginorder": ("general", "hooks replace plugins: pod.pre_launch_hook and the other hooks"),
    "podmonitor.monitorname": ("default", "each container's restart policy and healthcheck apply"),
    "cleanpod.unhealthy": (
      "true", "an unhealthy container fails its pod, unless `pod.on_unhealthy` is `restart`"
    ),
    "cleanpod.cleanfailtask": (
      "true", "a failed pod is removed, unless `pod.keep_failed` sets a time"
    ),
    "dockerdump.enable": ("false", "Docker's state isn't dumped"),
  ]

  private mutating func apply(_ key: String, _ entry: Entry) {
    if let rule = Self.fixed[key] {
      if entry.value.lowercased() == rule.value {
        notes.append("\(description(entry)): this is the default behavior")
      } else {
        warnings.append("\(description(entry)) isn't supported: \(rule.otherwise)")
      }
    } else if Self.needless.contains(key) {
      notes.append("\(description(entry)): this executor doesn't need it")
    } else if key.hasPrefix("podstatushooks.") {
      if !entry.value.isEmpty {
        warnings.append(
          "\(description(entry)) isn't supported: name a command with pod.running_hook or pod.post_stop_hook"
        )
      }
    } else if !translate(key, entry) {
      warnings.append("\(description(entry)) is unknown: it has no effect")
    }
  }

  /// Translates a setting with the same meaning; false for a key without a counterpart.
  private mutating func translate(_ key: String, _ entry: Entry) -> Bool {
    let flag = ["true": true, "false": false][entry.value.lowercased()]
    switch key {
    case "launchtask.timeout": takeTime("launch-timeout", entry, bareUnit: "ms")
    case "cleanpod.timeout": takeTime("grace", entry, bareUnit: "ns")
    case "isservice" where flag != nil: set("type", flag == true ? "service" : "job", entry)
    case "cleanpod.cleanvolumeandcontaineronmesoskill" where flag != nil:
      set("keep-volumes", flag == true ? "false" : "true", entry)
    case "cleanpod.cleanimageonmesoskill" where flag != nil:
      set("rmi", flag == true ? "all" : "none", entry)
    case "infracontainer.networks.pre_existing" where flag != nil:
      network.isPresent = flag == true
      if flag == false {
        notes.append("\(description(entry)): no network is created, the bridge is joined")
      }
    case "infracontainer.networks.name": network.name = entry
    case "infracontainer": set("share", "net", entry)
    default: return false
    }
    return true
  }

  private mutating func takeTime(_ option: String, _ entry: Entry, bareUnit: String) {
    let isBare = Double(entry.value) != nil
    let text = isBare ? entry.value + bareUnit : entry.value
    if DurationText.parse(text) != nil {
      set(option, text, entry)
    } else {
      warnings.append("\(description(entry)) isn't a duration: it has no effect")
    }
  }

  private mutating func joinNetwork() {
    guard let name = network.name, options["share"] != nil else { return }
    if network.isPresent {
      set("network", name.value, name)
    } else {
      notes.append("\(description(name)): no network is created, the bridge is joined")
    }
  }

  private mutating func set(_ option: String, _ text: String, _ entry: Entry) {
    options[option] = text
    notes.append("\(description(entry)) is read as \(option) \(text)")
  }

  private func description(_ entry: Entry) -> String {
    entry.value.isEmpty
      ? "\(entry.key) (\(entry.location))" : "\(entry.key): \(entry.value) (\(entry.location))"
  }
}
