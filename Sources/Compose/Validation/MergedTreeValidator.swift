import OrderedCollections
import YAML

/// Validation of the merged tree, before defaults are added.
enum MergedTreeValidator {
  /// Throws for keys that exclude each other, unless errors are collected.
  static func check(
    _ tree: YAMLNode, collecting faults: FaultCollector? = nil
  ) throws(DiagnosticError) {
    func each(
      _ kind: String, _ check: (String, YAMLNode.Entry) throws(DiagnosticError) -> Void
    ) throws(DiagnosticError) {
      for (name, entry) in tree[kind]?.mapping ?? [:]
      where !faults.isBroken(key: entry.keyPosition) {
        try faults.attempt { () throws(DiagnosticError) in try check(name, entry) }
      }
    }
    try each("volumes") { (name, entry) throws(DiagnosticError) in
      try checkExternal(entry.value, name: name)
    }
    try each("configs") { (name, entry) throws(DiagnosticError) in
      try checkSource(entry, "the config `\(name)`", keys: ["file", "environment", "content"])
    }
    try each("secrets") { (name, entry) throws(DiagnosticError) in
      try checkSource(entry, "the secret `\(name)`", keys: ["file", "environment"])
    }
    for (_, entry) in tree["services"]?.mapping ?? [:] {
      for rule in entry.value["develop"]?["watch"]?.sequence ?? [] {
        if let path = rule["path"], path.string?.isEmpty == true {
          try faults.report(DiagnosticError("`path` can't be empty", at: path.position))
        }
      }
    }
  }

  private static func checkExternal(_ volume: YAMLNode, name: String) throws(DiagnosticError) {
    guard volume["external"]?.boolean == true else { return }
    for (key, other) in volume.mapping ?? [:]
    where key != "external" && key != "name" && !key.hasPrefix("x-") {
      throw DiagnosticError(
        "the volume `\(name)` is external, so it can't have `\(key)`", at: other.keyPosition)
    }
  }

  /// Throws if a file's content has several sources or none.
  private static func checkSource(
    _ entry: YAMLNode.Entry, _ subject: String, keys: [String]
  ) throws(DiagnosticError) {
    let given = keys.filter { entry.value[$0] != nil }
    let choice = keys.map { "`\($0)`" }.joined(separator: " or ")
    if given.count > 1 {
      throw DiagnosticError(
        "\(subject) can have only one of \(choice)", at: entry.value.position(ofKey: given[1]))
    }
    guard given.isEmpty, entry.value["driver"] == nil, entry.value["external"] == nil else {
      return
    }
    throw DiagnosticError("\(subject) needs \(choice)", at: entry.keyPosition)
  }
}
