import Compose
import Glibc
import MesosExecutor
import YAML
import Linux

/// The paths of a task's Compose files: from the label `fileName`, else the names that Compose
/// searches for.
struct ComposeFileLocator {
  /// Absolute paths; empty to search for Compose's names in the sandbox.
  let paths: [String]

  /// Reads the label.
  ///
  /// - Parameters:
  ///   - task: the task.
  ///   - sandbox: the path of the sandbox on the host.
  /// - Throws: `DiagnosticError` for a path outside the sandbox.
  init(task: TaskInfo, sandbox: String) throws(DiagnosticError) {
    guard let names = task.label("fileName") else {
      paths = []
      return
    }
    var paths: [String] = []
    let root = RealPath.ofExisting(sandbox) ?? sandbox
    for name in names.split(separator: ",") {
      let word = String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      if word.isEmpty { continue }
      let path = word.hasPrefix("/") ? word : sandbox + "/" + word
      // A symbolic link can lead outside as well as `..`.
      guard let real = RealPath.ofExisting(path) else {
        throw DiagnosticError(
          "the Compose file '\(word)' (label fileName) is not in the sandbox: add it to the task's URIs"
        )
      }
      guard real.hasPrefix(root + "/") else {
        throw DiagnosticError("the Compose file '\(word)' (label fileName) is outside the sandbox")
      }
      paths.append(path)
    }
    if paths.isEmpty { throw DiagnosticError("the label fileName names no file") }
    self.paths = paths
  }

}

extension TaskInfo {
  /// The value of a label, by its name, or by its name after a dotted prefix, which Aurora adds.
  ///
  /// - Parameter name: the label's name.
  /// - Returns: the value of the label without a prefix, else that of the first with a prefix.
  func label(_ name: String) -> String? {
    let plain = labels.first { $0.key == name }
    return (plain ?? labels.first { $0.key.hasSuffix("." + name) })?.value
  }

  /// Labels that look like options of a pod but are unknown.
  var unknownOptions: [String] {
    let known = Settings.taskLabels
    return labels.map(\.key).filter { key in
      let prefix = ["pod.", "org.apache.aurora.metadata.pod."].first { key.hasPrefix($0) }
      return prefix != nil && !known.contains { key == $0 || key.hasSuffix("." + $0) }
    }
  }

  /// A scalar resource, added up over roles and without persistent volumes; nil where the task has
  /// none.
  ///
  /// - Parameter name: the resource's name.
  /// - Returns: the amount: CPUs or megabytes.
  func scalar(_ name: String) -> Double? {
    let amounts = resources.filter { $0.name == name && !$0.isVolume }.compactMap(\.scalar)
    return amounts.isEmpty ? nil : amounts.reduce(0, +)
  }
}
