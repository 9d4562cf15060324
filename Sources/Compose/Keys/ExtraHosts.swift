import OrderedCollections
import YAML

/// `extra_hosts:` of a service and of a build (Compose specification, "extra_hosts").
enum ExtraHosts {
  /// Throws if a node is neither a mapping of addresses nor a list of distinct strings.
  static func check(_ node: YAMLNode, name: String) throws(DiagnosticError) {
    if let entries = node.mapping {
      for (_, entry) in entries {
        for item in entry.value.sequence ?? [entry.value] where item.string == nil {
          throw DiagnosticError("an address must be a string, not \(item.kind)", at: item.position)
        }
      }
    } else if let items = node.sequence {
      var seen: Set<String> = []
      for item in items {
        guard let text = item.string else {
          throw DiagnosticError("an entry must be a string, not \(item.kind)", at: item.position)
        }
        guard seen.insert(text).inserted else {
          throw DiagnosticError("this entry is twice in `\(name)`", at: item.position)
        }
      }
    } else {
      throw DiagnosticError.wrongKind(node, name, "a mapping or a list")
    }
  }

  /// The list form: one `HOST=ADDRESS` per address. The entries of a mapping are sorted as text.
  static func list(_ node: YAMLNode) -> [YAMLNode] {
    guard let entries = node.mapping else {
      return node.sequence ?? (node.string == nil ? [] : [node])
    }
    var items: [YAMLNode] = []
    for (host, entry) in entries {
      if entry.value.isNull {
        items.append(YAMLNode(.string(host), at: entry.keyPosition))
      } else {
        for address in entry.value.sequence ?? [entry.value] {
          let text = "\(host)=\(address.scalarText ?? "")"
          items.append(YAMLNode(.string(text), at: entry.keyPosition))
        }
      }
    }
    return items.sorted { ($0.string ?? "").utf8.lexicographicallyPrecedes(($1.string ?? "").utf8) }
  }

  /// Converts `host:address`, `host=address` and mappings to a list of `host=address`, and removes
  /// the brackets of IPv6 addresses.
  static func canonical(_ node: YAMLNode) throws(DiagnosticError) -> YAMLNode {
    var hosts: [YAMLNode] = []
    func add(_ host: String, _ address: String, at position: SourcePosition) throws(DiagnosticError)
    {
      guard !host.isEmpty, !host.contains(where: { ":=".contains($0) }) else {
        throw DiagnosticError("`\(host)` is not a host name", at: position)
      }
      let isBracketed = address.utf8.count > 2 && address.hasPrefix("[") && address.hasSuffix("]")
      let bare = isBracketed ? String(address.dropFirst().dropLast()) : address
      hosts.append(YAMLNode(.string("\(host)=\(bare)"), at: position))
    }
    if let entries = node.mapping {
      for (host, entry) in entries {
        for item in entry.value.sequence ?? [entry.value] {
          try add(host, item.string ?? "", at: entry.keyPosition)
        }
      }
    } else {
      for item in node.sequence ?? [] {
        let text = item.string ?? ""
        var (host, address) = text.split("=")
        if address == nil { (host, address) = text.split(":") }
        guard let address else {
          throw DiagnosticError(
            "`\(text)` has no address; write `\(text)=ADDRESS`", at: item.position)
        }
        for one in address.split(separator: ",", omittingEmptySubsequences: false) {
          try add(host, String(one), at: item.position)
        }
      }
    }
    return YAMLNode(.sequence(hosts), at: node.position)
  }
}
