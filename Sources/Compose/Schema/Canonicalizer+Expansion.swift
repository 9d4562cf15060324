import OrderedCollections
import YAML

/// The first pass expands short forms. Values of the wrong type are left for the second pass.
extension Canonicalizer {
  /// Expands the short forms of a file's tree.
  mutating func expand(file node: YAMLNode) throws(DiagnosticError) -> YAMLNode {
    guard node.mapping != nil else {
      throw DiagnosticError("a Compose file must be a mapping, not \(node.kind)", at: node.position)
    }
    return try expand(node, as: .fields(TopLevelKeys.table))
  }

  /// Expands the short forms of a node.
  mutating func expand(
    _ node: YAMLNode, as shape: SchemaType
  ) throws(DiagnosticError) -> YAMLNode {
    var node = node
    switch shape {
    case .expanding(let expand, let long):
      for item in node.sequence ?? [node] { try refuseLong(item) }
      return try self.expand(try expand(node, &self), as: long)
    case .completing(_, let inner), .optional(let inner), .either(_, let inner):
      return try expand(node, as: inner)
    case .fields(let table):
      try rename(&node, table)
      try node.editEach { (name, value) throws(DiagnosticError) in
        guard let key = table[name] else { return }
        value = try expandCollecting(value, as: key.shape)
      }
    case .names(let inner, _):
      try node.editEntries { (_, entry) throws(DiagnosticError) in
        let known = faults?.faults.count
        entry.value = try expandCollecting(entry.value, as: inner)
        if faults?.faults.count != known { faults?.markBroken(key: entry.keyPosition) }
      }
    case .list(let inner):
      try node.editItems { (item) throws(DiagnosticError) in
        item = try expandCollecting(item, as: inner)
      }
    case .stringOrStrings:
      if node.string != nil { node = YAMLNode(.sequence([node]), at: node.position).shortened }
    case .pairs(let values, let distinct):
      if distinct { try Self.refuseEqualItems(of: node) }
      if values.allowsList { return try StringMap.mapping(node, values, lookUp: lookUp) }
    default: break
    }
    return node
  }

  /// Expands a node. If that fails and errors are collected, the node is returned unchanged.
  private mutating func expandCollecting(
    _ node: YAMLNode, as shape: SchemaType
  ) throws(DiagnosticError) -> YAMLNode {
    let splitsMappings = shape.pairValues != nil
    return try faults.value(of: node, splitsMappings: splitsMappings) {
      (node) throws(DiagnosticError) in
      try expand(node, as: shape)
    }
  }

  /// Expands `gpus: all` of a file's services, so that services that extend them can merge lists.
  mutating func expandGPUs(in tree: inout YAMLNode) throws(DiagnosticError) {
    try tree.edit("services") { (services) throws(DiagnosticError) in
      try services.editEach { (_, service) throws(DiagnosticError) in
        try service.edit("gpus") { (gpus) throws(DiagnosticError) in
          gpus = try DeviceRequests.expandAll(gpus, &self)
        }
      }
    }
  }

  /// Throws if two items of a list are equal.
  static func refuseEqualItems(of node: YAMLNode) throws(DiagnosticError) {
    var seen: Set<YAMLNode> = []
    for item in node.sequence ?? [] where !seen.insert(item).inserted {
      throw DiagnosticError("this entry is in the list twice", at: item.position)
    }
  }

  /// Renames keys with a former name.
  private mutating func rename(_ node: inout YAMLNode, _ table: ObjectSchema)
    throws(DiagnosticError)
  {
    for (former, name) in table.formerNames {
      guard let entry = node.mapping?[former], let key = table[name] else { continue }
      warn("`\(former)` is deprecated; write `\(name)`", at: entry.keyPosition)
      let own = node[name]
      node.remove(former)
      let value = try own.map { (own) throws(DiagnosticError) in
        try Merge.merge(entry.value, own, key)
      }
      node.set(
        name, value ?? entry.value, at: node.mapping?[name]?.keyPosition ?? entry.keyPosition)
    }
  }
}
