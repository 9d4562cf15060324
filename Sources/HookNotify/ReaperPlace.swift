import HookShim
import OrderedCollections
import Program
import YAML
import Settings

/// Where the reaper listens: its own settings, from the same three places.
struct ReaperPlace: Sendable, Equatable {
  var socket: String
  var spool: String

  /// Reads where it is: the command line before the environment before the reaper's file.
  ///
  /// - Parameters:
  ///   - options: what the command line says, by setting.
  ///   - environment: this process's.
  /// - Throws: `ComposeError` for a file that can't be read or understood, with the place.
  init(options: [String: String], environment: [String: String]) throws(ComposeError) {
    func given(_ name: String) -> String? {
      let variable = SettingVariable.name(of: name, prefix: "POD_REAPER")
      return options[name] ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
    // It is the reaper that checks the file as a whole.
    let config = given("config")
    let file = try SettingsFile(
      path: config ?? SettingsFile.reapersPath, owner: .rootOrSelf, isOptional: config == nil)
    func setting(_ name: String) -> String? {
      given(name) ?? file.entries[name]?.value.settingText
    }
    let folder = setting("run-dir")
    socket =
      setting("notify-socket") ?? folder.map { $0 + "/notify.sock" } ?? HOOK_SHIM_DEFAULT_SOCKET
    spool = setting("spool-dir") ?? folder.map { $0 + "/spool" } ?? HOOK_SHIM_DEFAULT_SPOOL
  }
}
