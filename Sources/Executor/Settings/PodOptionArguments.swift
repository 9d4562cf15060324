import ArgumentParser
import PodRuntime
import Program

/// What a pod does beyond its Compose file: options of `run`, and labels of a task (`pod.` and the option, with `_` for `-`).
struct PodOptionArguments: ParsableArguments {
  @Option(
    help: "Namespaces that all services share: net, pid, or both with a comma; none. Default: none."
  )
  var share: String?

  @Option(help: "The existing network that a shared network namespace joins. Default: bridge.")
  var network: String?

  /// What the command line says.
  ///
  /// - Parameter name: the long option, without its dashes.
  /// - Returns: its text; nil where it isn't given.
  func text(_ name: String) -> String? {
    switch name {
    case "share": share
    case "network": network
    default: nil
    }
  }
}

extension Settings {
  /// The options that a task's labels may set.
  static let podOptions: Set<String> = ["network", "share"]

  /// The label of a pod's option.
  ///
  /// - Parameter option: the long option, without its dashes.
  /// - Returns: `pod.` and the option, with `_` for `-`.
  static func podLabel(_ option: String) -> String {
    "pod." + option.map { $0 == "-" ? "_" : String($0) }.joined()
  }

  /// What a pod does beyond its Compose file.
  ///
  /// - Parameter said: what the command line, or a task's label, says of an option; it is the strongest.
  /// - Returns: the options.
  /// - Throws: `SettingError`.
  func podOptions(_ said: (String) -> String?) throws(SettingError) -> PodOptions {
    var options = PodOptions()
    let shared = try sharedNamespaces(text("share", option: said("share")))
    options.sharesPID = shared.contains("pid")
    if shared.contains("net") {
      options.sharedNetwork = try network(text("network", option: said("network")))
    } else if let network = said("network") {
      throw SettingError(
        description: "network '\(network)' is for a shared network namespace: say share net, too")
    }
    return options
  }

  private func sharedNamespaces(_ text: String?) throws(SettingError) -> Set<String> {
    guard let text, text != "none", !text.isEmpty else { return [] }
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
      .map { String($0.filter { $0 != " " }) }
    for word in words where word != "net" && word != "pid" {
      throw SettingError(description: "share takes net, pid, net,pid or none, not '\(text)'")
    }
    return Set(words)
  }

  private func network(_ text: String?) throws(SettingError) -> String {
    let name = text ?? "bridge"
    if name == "default" { return "bridge" }
    if name.isEmpty || name == "host" || name == "none" || name.contains(":") {
      throw SettingError(
        description: "network takes bridge or the name of an existing network, not '\(name)'")
    }
    return name
  }
}
