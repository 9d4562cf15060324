/// Makes the typed mounts of a normalized service.
enum MountReader {
  /// The entries of `volumes:`, then those of `tmpfs:`.
  static func mounts(of service: YAMLNode) -> [ServiceMount] {
    (service["volumes"]?.sequence ?? []).map(mount)
      + service["tmpfs"].locatedStrings.map { entry in
        let (path, options) = entry.value.split(":")
        return ServiceMount(
          source: .shortTmpfs(options: options ?? ""), target: path, position: entry.position)
      }
  }

  private static func mount(_ node: YAMLNode) -> ServiceMount {
    var mount = ServiceMount(
      source: source(of: node), target: node["target"]?.string ?? "", position: node.position)
    mount.readOnly = node["read_only"]?.boolean ?? false
    mount.propagation = node["bind"]?["propagation"]?.string
    mount.createHostPath = node["bind"]?["create_host_path"]?.boolean ?? false
    mount.selinux = node["bind"]?["selinux"]?.string
    mount.noCopy = node["volume"]?["nocopy"]?.boolean ?? false
    mount.subpath = node["volume"]?["subpath"]?.string
    mount.otherModes = node[Mounts.otherModes]?.strings ?? []
    return mount
  }

  private static func source(of node: YAMLNode) -> ServiceMount.Source {
    let source = node["source"]?.string ?? ""
    switch node["type"]?.string {
    case "bind": return .bind(path: source)
    case "tmpfs":
      return .tmpfs(
        size: node["tmpfs"]?["size"]?.string.flatMap { Int64($0) }.flatMap { $0 == 0 ? nil : $0 },
        mode: node["tmpfs"]?["mode"]?.integer.flatMap { UInt32(exactly: $0) })
    default: return source.isEmpty ? .anonymous : .volume(key: source)
    }
  }
}
