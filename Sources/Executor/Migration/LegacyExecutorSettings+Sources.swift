import Compose
import Glibc
import MesosExecutor
import OrderedCollections
import PodIdentity
import PodRuntime
import YAML
import Linux
import Settings

extension LegacyExecutorSettings {
  /// A file with one of these sections is an earlier executor's; other programs use the same file
  /// names.
  private static let sections: Set<String> = [
    "launchtask", "cleanpod", "podstatushooks", "infracontainer",
  ]

  /// Reads a task's settings from files in its sandbox and from labels. Labels take precedence.
  ///
  /// - Parameters:
  ///   - task: the task.
  ///   - sandbox: the path of the sandbox on the host.
  init(task: TaskInfo, sandbox: String) {
    let files = ["config.yaml", "config/config.yaml", "general.yaml", "config/general.yaml"]
    var entries = files.flatMap { Self.entries(of: sandbox + "/" + $0, below: sandbox) }
    for label in task.labels {
      if let key = Self.key(ofLabel: label.key) {
        entries.append(Entry(key: key, value: label.value ?? "", location: "label \(label.key)"))
      }
    }
    if let order = task.label("pluginorder") {
      entries.append(Entry(key: "pluginorder", value: order, location: "label pluginorder"))
    }
    self.init(entries)
  }

  /// The key of a label `config.KEY`, also with the prefix that Aurora adds.
  private static func key(ofLabel label: String) -> String? {
    for prefix in ["config.", "org.apache.aurora.metadata.config."] where label.hasPrefix(prefix) {
      return String(label.dropFirst(prefix.count))
    }
    return nil
  }

  /// The settings of a file; none if it doesn't exist, is a symbolic link, or belongs to another
  /// program.
  private static func entries(of path: String, below sandbox: String) -> [Entry] {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let text = try? TextFile.regular(path, limit: 1 << 20, within: [RealPath.of(sandbox)])
    else { return [] }
    let name = String(path.dropFirst(sandbox.count + 1))
    guard let document = try? YAMLNode.document(text, file: name), let top = document.mapping,
      top.keys.contains(where: { sections.contains($0.lowercased()) })
    else { return [] }
    return entries(of: document, key: "")
  }

  private static func entries(of node: YAMLNode, key: String) -> [Entry] {
    guard let mapping = node.mapping else {
      return [Entry(key: key, value: text(of: node), location: "\(node.position)")]
    }
    var entries: [Entry] = []
    for (name, entry) in mapping {
      let path = key.isEmpty ? name : key + "." + name
      // The section without a key already requests an infrastructure container.
      if path.lowercased() == "infracontainer" {
        entries.append(Entry(key: path, value: "", location: "\(entry.keyPosition)"))
      }
      entries += Self.entries(of: entry.value, key: path)
    }
    return entries
  }

  private static func text(of node: YAMLNode) -> String {
    if let items = node.sequence { return items.map { text(of: $0) }.joined(separator: ",") }
    return node.oneSetting ?? ""
  }
}
