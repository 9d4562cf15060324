import Compose
import Glibc
import HookShim
import OrderedCollections
import PodIdentity

/// Where the reaper listens: its own settings, from the same three places.
struct ReaperPlace: Sendable, Equatable {
  static let standardFile = "/etc/pod-reaper.yaml"

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
      let variable = "POD_REAPER_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
      return options[name] ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
    let file = try Self.file(given("config"))
    let folder = given("run-dir") ?? file["run-dir"]
    socket =
      given("notify-socket") ?? file["notify-socket"] ?? folder.map { $0 + "/notify.sock" }
      ?? HOOK_SHIM_DEFAULT_SOCKET
    spool =
      given("spool-dir") ?? file["spool-dir"] ?? folder.map { $0 + "/spool" }
      ?? HOOK_SHIM_DEFAULT_SPOOL
  }

  /// The settings of the reaper's file that are texts; the standard file may be missing. It is the reaper that checks
  /// the file as a whole.
  private static func file(_ path: String?) throws(ComposeError) -> [String: String] {
    let file = path ?? standardFile
    var status = stat()
    guard stat(file, &status) == 0 else {
      if path == nil, errno == ENOENT { return [:] }
      throw ComposeError("\(file) can't be read: \(String(cString: strerror(errno)))")
    }
    guard status.st_mode & 0o002 == 0, status.st_uid == 0 || status.st_uid == geteuid() else {
      throw ComposeError(
        "\(file) is writable by others: it must be root's and writable by nobody else")
    }
    guard let text = try? KernelFile.text(file) else { throw ComposeError("\(file) can't be read") }
    guard let document = try YAMLNode.document(text, file: file), !document.isNull else {
      return [:]
    }
    guard let entries = document.mapping else {
      throw ComposeError("a mapping of settings is expected", at: document.position)
    }
    var result: [String: String] = [:]
    for (key, entry) in entries { result[key] = entry.value.string }
    return result
  }
}
