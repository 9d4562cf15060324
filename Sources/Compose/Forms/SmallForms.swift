import OrderedCollections

/// `devices:` of a service (Compose specification, "devices").
enum Devices {
  static let keys = KeyTable(
    "a device",
    [
      Key("source", .string, goes: "PathOnHost"),
      Key("target", .string, goes: "PathInContainer"),
      Key("permissions", .string, goes: "CgroupPermissions"),
    ])

  /// `source[:target[:permissions]]` as a mapping.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    try node.expandingItems { (item) throws(ComposeError) in
      guard let text = item.string else {
        if item.mapping != nil, item["target"] == nil {
          throw ComposeError("a device needs a `target`", at: item.position)
        }
        return item
      }
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count <= 3, !parts[0].isEmpty else {
        throw ComposeError(
          "`\(text)` is no device; write `source[:target[:permissions]]`", at: item.position)
      }
      var device = YAMLNode(mappingAt: item.position)
      device.set("source", text: parts[0])
      device.set("target", text: parts.count > 1 && !parts[1].isEmpty ? parts[1] : parts[0])
      device.set("permissions", text: parts.count > 2 ? parts[2] : "rwm")
      return device
    }
  }
}

/// `env_file:` of a service (Compose specification, "env_file").
enum EnvironmentFiles {
  static let keys = KeyTable(
    "an entry of `env_file`",
    [
      Key("path", .string, goes: "Env"),
      Key("required", .boolean, omit: .unset, goes: "may be missing"),
      Key("format", .later),
    ])

  /// A path, or a list of paths and mappings, as a list of mappings.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    let list = node.string == nil ? node : YAMLNode(.sequence([node]), at: node.position)
    return try list.expandingItems { (item) throws(ComposeError) in
      var file = item
      if let text = item.string {
        file = YAMLNode(mappingAt: item.position)
        file.set("path", text: text)
      }
      guard file.mapping != nil else { return item }
      guard file["path"] != nil else {
        throw ComposeError("an entry of `env_file` needs a `path`", at: item.position)
      }
      if file["required"] == nil {
        file.set("required", YAMLNode(.boolean(true), at: item.position))
      }
      return file
    }
  }
}

/// `extra_hosts:` of a service (Compose specification, "extra_hosts").
enum ExtraHosts {
  /// `host:address`, `host=address` and mappings as a list of `host=address`; an IPv6 address loses
  /// its brackets.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    var hosts: [YAMLNode] = []
    func add(_ host: String, _ address: String, at position: SourcePosition) throws(ComposeError) {
      guard !host.isEmpty, !host.contains(where: { ":=".contains($0) }) else {
        throw ComposeError("`\(host)` is no host name", at: position)
      }
      let isBracketed = address.count > 2 && address.hasPrefix("[") && address.hasSuffix("]")
      let bare = isBracketed ? String(address.dropFirst().dropLast()) : address
      hosts.append(YAMLNode(.string("\(host)=\(bare)"), at: position))
    }
    if let entries = node.mapping {
      for (host, entry) in entries {
        for item in entry.value.sequence ?? [entry.value] {
          guard let address = item.string else {
            throw ComposeError("an address must be a string, not \(item.kind)", at: item.position)
          }
          try add(host, address, at: entry.keyPosition)
        }
      }
    } else if let items = node.sequence {
      for item in items {
        guard let text = item.string else {
          throw ComposeError("an entry must be a string, not \(item.kind)", at: item.position)
        }
        var (host, address) = text.split("=")
        if address == nil { (host, address) = text.split(":") }
        guard let address else {
          throw ComposeError(
            "`\(text)` has no address; write `\(text)=ADDRESS`", at: item.position)
        }
        for one in address.split(separator: ",", omittingEmptySubsequences: false) {
          try add(host, String(one), at: item.position)
        }
      }
    } else {
      return node
    }
    return YAMLNode(.sequence(hosts), at: node.position)
  }
}

/// `build:` of a service (Compose specification, "Compose Build Specification").
enum Builds {
  static let keys = KeyTable(
    "`build`",
    [
      Key("context", .string, goes: "docker build CONTEXT"),
      Key("dockerfile", .string, goes: "--file"),
      Key("dockerfile_inline", .later),
      Key("entitlements", .later),
      Key("args", .pairs(.environment), goes: "--build-arg"),
      Key("provenance", .later),
      Key("sbom", .later),
      Key("ssh", .later),
      Key("labels", .pairs(.labels), goes: "--label"),
      Key("cache_from", .strings, .append(identity: nil), goes: "--cache-from"),
      Key("cache_to", .later),
      Key("no_cache", .boolean, goes: "--no-cache"),
      Key("no_cache_filter", .later),
      Key("additional_contexts", .later),
      Key("pull", .boolean, goes: "--pull"),
      Key("extra_hosts", .later),
      Key("isolation", .later),
      Key("network", .string, goes: "--network"),
      Key("target", .string, goes: "--target"),
      Key("secrets", .later),
      Key("shm_size", .later),
      Key("tags", .later),
      Key("ulimits", .later),
      Key("platforms", .later),
      Key("privileged", .later),
    ])

  /// A context alone as a mapping.
  @Sendable static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    guard node.string != nil else { return node }
    var build = YAMLNode(mappingAt: node.position)
    build.set("context", node)
    return build
  }
}
