import OrderedCollections
import YAML

/// Reads the typed mounts of a normalized service.
enum MountReader {
  /// The entries of `volumes:`, followed by those of `tmpfs:`.
  static func mounts(of service: YAMLNode) throws(DiagnosticError) -> [ServiceMount] {
    var mounts: [ServiceMount] = []
    for node in service["volumes"]?.sequence ?? [] { mounts.append(try mount(node)) }
    for entry in service["tmpfs"].locatedStrings {
      let (path, options) = entry.value.split(":")
      try check(target: path, at: entry.position)
      mounts.append(
        ServiceMount(
          source: .shortTmpfs(options: options ?? ""), target: path, position: entry.position))
    }
    return mounts
  }

  /// Throws for keys of another mount type, which would be ignored.
  private static func checkParts(of node: YAMLNode) throws(DiagnosticError) {
    let type = node["type"]?.string ?? ""
    let foreign: [String]
    switch type {
    case "bind": foreign = ["volume", "tmpfs", "image"]
    case "tmpfs": foreign = ["source", "bind", "volume", "image"]
    case "volume": foreign = ["tmpfs", "image"]
    case "image": foreign = ["bind", "volume", "tmpfs"]
    default: return
    }
    for key in foreign {
      // Modes of the short form have no position of their own; the engine validates them.
      guard let part = node[key], part.position != node.position else { continue }
      guard part.mapping?.isEmpty == false || part.string?.isEmpty == false else { continue }
      throw DiagnosticError(
        "a mount of type `\(type)` can't have `\(key)`", at: node.position(ofKey: key))
    }
  }

  /// Throws for a target that no engine accepts.
  private static func check(
    target: String, at position: SourcePosition
  ) throws(DiagnosticError) {
    guard !target.hasPrefix("/") else { return }
    throw DiagnosticError(
      "a mount's target must be an absolute path, not `\(target)`", at: position)
  }

  private static func mount(_ node: YAMLNode) throws(DiagnosticError) -> ServiceMount {
    try checkParts(of: node)
    try check(target: node["target"]?.string ?? "", at: node["target"]?.position ?? node.position)
    var mount = ServiceMount(
      source: try source(of: node), target: node["target"]?.string ?? "", position: node.position)
    mount.readOnly = node["read_only"]?.boolean ?? false
    mount.propagation = node["bind"]?["propagation"]?.string
    mount.createHostPath = node["bind"]?["create_host_path"]?.boolean ?? true
    mount.recursion = node["bind"]?["recursive"]?.string
    mount.consistency = node["consistency"]?.string
    mount.labels = node["volume"]?["labels"].pairs ?? OrderedDictionary()
    mount.selinux = node["bind"]?["selinux"]?.string
    mount.noCopy = node["volume"]?["nocopy"]?.boolean ?? false
    mount.subpath = node["volume"]?["subpath"]?.string
    mount.otherModes = node[Mounts.otherModes]?.strings ?? []
    return mount
  }

  private static func source(
    of node: YAMLNode
  ) throws(DiagnosticError) -> ServiceMount.Source {
    let source = node["source"]?.string ?? ""
    switch node["type"]?.string {
    case "bind": return .bind(path: source)
    case "tmpfs":
      return .tmpfs(
        size: node[path: "tmpfs.size"]?.string.flatMap(ByteSize.init).flatMap {
          $0 == .zero ? nil : $0
        },
        mode: node["tmpfs"]?["mode"]?.integer.flatMap { UInt32(exactly: $0) })
    case "image":
      return .image(
        name: source, subpath: node["image"]?["subpath"]?.string.flatMap { $0.isEmpty ? nil : $0 })
    case "npipe", "cluster":
      let kind = node["type"]?.string ?? ""
      let home = kind == "npipe" ? "Windows" : "Docker Swarm"
      throw DiagnosticError(
        "a mount of type `\(kind)` is only for \(home): use another type",
        at: node["type"]?.position ?? node.position)
    default: return source.isEmpty ? .anonymous : .volume(key: source)
    }
  }
}
