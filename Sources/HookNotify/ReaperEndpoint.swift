import HookShim
import OrderedCollections
import Program
import YAML
import Settings

/// The reaper's socket and spool, read from the reaper's own settings.
struct ReaperEndpoint: Sendable, Equatable {
  var socket: String
  var spool: String

  /// Reads the settings. The first source that has a setting wins: options, environment, the
  /// reaper's settings file.
  ///
  /// - Parameters:
  ///   - options: the values of the command line, by setting.
  ///   - environment: the environment of this process.
  /// - Throws: `DiagnosticError` with file, line and column, if the file can't be read or parsed.
  init(options: [String: String], environment: [String: String]) throws(DiagnosticError) {
    func given(_ name: String) -> String? {
      let variable = SettingVariable.name(of: name, prefix: "POD_REAPER")
      return options[name] ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
    // The file is not validated as a whole here; pod-reaper does that.
    let config = given("config")
    let file = try SettingsFile(
      path: config ?? SettingsFile.reapersPath, owner: .rootOrSelf, isOptional: config == nil)
    func setting(_ name: String) -> String? {
      given(name) ?? file.entries[name]?.value.settingText
    }
    let directory = setting("run-dir")
    socket =
      setting("notify-socket") ?? directory.map { $0 + "/notify.sock" } ?? HOOK_SHIM_DEFAULT_SOCKET
    spool = setting("spool-dir") ?? directory.map { $0 + "/spool" } ?? HOOK_SHIM_DEFAULT_SPOOL
  }
}
