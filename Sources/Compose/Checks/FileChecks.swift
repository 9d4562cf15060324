import OrderedCollections
import YAML

/// Checks of the files merged into one, before anything of the project is known.
enum FileChecks {
  /// Throws for keys that exclude each other.
  static func check(_ tree: YAMLNode) throws(ComposeError) {
    for (name, entry) in tree["volumes"]?.mapping ?? [:] {
      try checkExternal(entry.value, name: name)
    }
    for (name, entry) in tree["configs"]?.mapping ?? [:] {
      try checkSource(entry, "the config `\(name)`", keys: ["file", "environment", "content"])
    }
    for (name, entry) in tree["secrets"]?.mapping ?? [:] {
      try checkSource(entry, "the secret `\(name)`", keys: ["file", "environment"])
    }
    for (_, entry) in tree["services"]?.mapping ?? [:] {
      for rule in entry.value["develop"]?["watch"]?.sequence ?? [] {
        if let path = rule["path"], path.string?.isEmpty == true {
          throw ComposeError("`path` can't be empty", at: path.position)
        }
      }
    }
  }

  private static func checkExternal(_ volume: YAMLNode, name: String) throws(ComposeError) {
    guard volume["external"]?.boolean == true else { return }
    for (key, other) in volume.mapping ?? [:]
    where key != "external" && key != "name" && !key.hasPrefix("x-") {
      throw ComposeError(
        "the volume `\(name)` is external, so `\(key)` has no meaning here", at: other.keyPosition)
    }
  }

  /// Throws where a file's content comes from two places, or from none.
  private static func checkSource(
    _ entry: YAMLNode.Entry, _ subject: String, keys: [String]
  ) throws(ComposeError) {
    let given = keys.filter { entry.value[$0] != nil }
    let choice = keys.map { "`\($0)`" }.joined(separator: " or ")
    if given.count > 1 {
      throw ComposeError(
        "\(subject) takes \(choice), not several", at: entry.value.position(ofKey: given[1]))
    }
    guard given.isEmpty, entry.value["driver"] == nil, entry.value["external"] == nil else {
      return
    }
    throw ComposeError("\(subject) needs \(choice)", at: entry.keyPosition)
  }
}
