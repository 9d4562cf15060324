import OrderedCollections
import YAML

/// Merges the canonical trees of several files (Compose specification, "Merge and override").
enum Merge {
  /// Merges a later file over an earlier one.
  static func merge(_ earlier: YAMLNode, with later: YAMLNode) throws(DiagnosticError) -> YAMLNode {
    try fields(earlier, later, TopLevelKeys.table)
  }

  /// Merges a service over the service that it extends.
  static func service(
    _ base: YAMLNode, with service: YAMLNode, keys: ObjectSchema = ServiceKeys.table
  ) throws(DiagnosticError) -> YAMLNode {
    try fields(base, service, keys)
  }

  /// Merges a resource over the included resource of the same name; `kind` is its top-level key.
  static func resource(
    _ included: YAMLNode, with own: YAMLNode, kind: String
  ) throws(DiagnosticError) -> YAMLNode {
    guard case .names(let shape, _)? = TopLevelKeys.table[kind]?.shape else { return own }
    return try deep(included, own, shape)
  }

  /// Merges entries with the same identity within each list.
  static func unique(_ node: YAMLNode, in table: ObjectSchema) -> YAMLNode {
    var node = node
    node.editEach { (name: String, value: inout YAMLNode) in
      if let key = table[name] { value = unique(value, key) }
    }
    return node
  }

  private static func unique(_ node: YAMLNode, _ key: SchemaProperty) -> YAMLNode {
    if case .append(let identity?, let keepsPosition) = key.merge, let items = node.sequence {
      return YAMLNode(.sequence(unique(items, identity, keepsPosition)), at: node.position)
    }
    return unique(node, key.shape)
  }

  private static func unique(_ node: YAMLNode, _ shape: SchemaType) -> YAMLNode {
    switch shape.resolved {
    case .fields(let table): return unique(node, in: table)
    case .names(let inner, _):
      var node = node
      node.editEach { (_: String, value: inout YAMLNode) in value = unique(value, inner) }
      return node
    default: return node
    }
  }

  private static func unique(
    _ items: [YAMLNode], _ identity: (YAMLNode) -> String?, _ keepsPosition: Bool
  ) -> [YAMLNode] {
    var found: OrderedDictionary<String, YAMLNode> = [:]
    for (index, item) in items.enumerated() {
      let key = identity(item) ?? "#\(index)"
      // A repeated equal entry keeps the position of the first.
      let first = found[key]
      guard first != item else { continue }
      found[key] = item
      if keepsPosition, let first { found[key]?.position = first.position }
    }
    return Array(found.values)
  }

  /// Merges the later value of a key over the earlier one.
  static func merge(
    _ earlier: YAMLNode, _ later: YAMLNode, _ key: SchemaProperty
  ) throws(DiagnosticError) -> YAMLNode {
    switch key.merge {
    case .override: return later
    case .replace:
      if later.isNull { return earlier }
      let isMixed =
        earlier.mapping != nil && later.mapping == nil
        || earlier.sequence != nil && later.sequence == nil
      return isMixed ? try refuseMixed(earlier, later) : later
    case .deep: return try deep(earlier, later, key.shape)
    case .pairs:
      guard let values = key.shape.pairValues, later.mapping != nil || later.isNull else {
        return try refuseMixed(earlier, later)
      }
      if case .keys = values, earlier.mapping != nil, later.mapping != nil,
        earlier.form != later.form
      {
        return try refuseMixed(earlier, later)
      }
      return pairs(earlier, later, skippingNull: values.skipsNull)
    case .hosts:
      let one = ExtraHosts.list(earlier)
      let known = Set(one.compactMap(\.string))
      let other = ExtraHosts.list(later).filter { !known.contains($0.string ?? "") }
      return YAMLNode(.sequence(one + other), at: later.position)
    case .pools: return try pools(earlier, later)
    case .append(let identity, let keepsPosition):
      if later.isNull { return earlier }
      // A list can't be appended to a single value.
      if earlier.sequence == nil, earlier.mapping == nil { return later }
      guard let one = earlier.sequence, let other = later.sequence else {
        return try refuseMixed(earlier, later)
      }
      let joined = joined(one, other)
      return YAMLNode(
        .sequence(identity.map { unique(joined, $0, keepsPosition) } ?? joined), at: later.position)
    case .sameDriver:
      guard earlier.mapping != nil, later.mapping != nil else {
        return try refuseMixed(earlier, later)
      }
      if let one = earlier["driver"], let other = later["driver"], one != other { return later }
      return try deep(earlier, later, key.shape)
    }
  }

  /// Appends the items of a list that the other list doesn't contain.
  private static func joined(_ earlier: [YAMLNode], _ later: [YAMLNode]) -> [YAMLNode] {
    var joined = earlier
    // Equality is necessary for the same notation, so only equal items are compared.
    var known = Dictionary(grouping: earlier) { $0 }
    for item in later where known[item]?.contains(where: item.isTextuallyEqual) != true {
      joined.append(item)
      known[item, default: []].append(item)
    }
    return joined
  }

  private static func refuseMixed(
    _ earlier: YAMLNode, _ later: YAMLNode
  ) throws(DiagnosticError) -> YAMLNode {
    throw DiagnosticError(
      "\(later.kind) can't be merged with \(earlier.kind) at \(earlier.position)",
      at: later.position)
  }

  /// Merges address pools. A later pool is merged over the pool with the same subnet, or appended.
  private static func pools(
    _ earlier: YAMLNode, _ later: YAMLNode
  ) throws(DiagnosticError) -> YAMLNode {
    guard let one = earlier.sequence, let other = later.sequence else {
      return try refuseMixed(earlier, later)
    }
    var pools = one + other
    var merged: [Int] = []
    func subnet(_ index: Int) -> String? { pools[index]["subnet"]?.string }
    for base in one.indices {
      for added in one.count..<pools.count {
        if subnet(added) != subnet(base), !merged.contains(where: { subnet($0) == subnet(added) }) {
          merged.append(added)
          continue
        }
        pools[base] = try deep(pools[base], pools[added], .any)
        if let index = merged.firstIndex(where: { subnet($0) == subnet(base) }) {
          merged[index] = base
        } else {
          merged.append(base)
        }
      }
    }
    guard !merged.isEmpty else {
      throw DiagnosticError("a list of pools can't be merged with an empty one", at: later.position)
    }
    return YAMLNode(.sequence(merged.map { pools[$0] }), at: later.position)
  }

  private static func deep(
    _ earlier: YAMLNode, _ later: YAMLNode, _ shape: SchemaType
  ) throws(DiagnosticError) -> YAMLNode {
    if later.isNull { return earlier }
    if earlier.isNull { return later }
    switch shape.resolved {
    case .fields(let table): return try fields(earlier, later, table)
    case .names(let inner, _):
      return try entries(earlier, later) { (_, one, other) throws(DiagnosticError) in
        try deep(one, other, inner)
      }
    case .any, .manyValued: return try extended(earlier, later)
    case .either(_, let fields):
      guard earlier.mapping != nil, later.mapping != nil else { return later }
      return try deep(earlier, later, fields)
    default: return later
    }
  }

  private static func fields(
    _ earlier: YAMLNode, _ later: YAMLNode, _ table: ObjectSchema
  ) throws(DiagnosticError) -> YAMLNode {
    try entries(earlier, later) { (name, one, other) throws(DiagnosticError) in
      guard let key = table[name] else { return try extended(one, other) }
      return try merge(one, other, key)
    }
  }

  private static func extended(
    _ earlier: YAMLNode, _ later: YAMLNode
  ) throws(DiagnosticError) -> YAMLNode {
    if later.isNull { return earlier }
    switch (earlier.content, later.content) {
    case (.mapping, .mapping):
      return try entries(earlier, later) { (_, one, other) throws(DiagnosticError) in
        try extended(one, other)
      }
    case (.sequence(let one), .sequence(let other)):
      return YAMLNode(.sequence(joined(one, other)), at: later.position)
    case (.mapping, _), (.sequence, _): return try refuseMixed(earlier, later)
    default: return later
    }
  }

  private static func pairs(
    _ earlier: YAMLNode, _ later: YAMLNode, skippingNull: Bool
  ) -> YAMLNode {
    guard earlier.mapping != nil else {
      return !later.isNull ? later : skippingNull ? earlier : YAMLNode(mappingAt: later.position)
    }
    var merged = earlier
    if !skippingNull, merged.form == .long { merged.form = .listed }
    for (name, entry) in later.mapping ?? [:] {
      if skippingNull, entry.value.isNull, merged[name] != nil { continue }
      merged.set(name, entry.value, at: entry.keyPosition)
    }
    return merged
  }

  private static func entries(
    _ earlier: YAMLNode, _ later: YAMLNode,
    _ join: (String, YAMLNode, YAMLNode) throws(DiagnosticError) -> YAMLNode
  ) throws(DiagnosticError) -> YAMLNode {
    guard var merged = earlier.mapping else {
      return earlier.sequence == nil
        ? later : later.isNull ? earlier : try refuseMixed(earlier, later)
    }
    guard let added = later.mapping else {
      return later.isNull ? earlier : try refuseMixed(earlier, later)
    }
    for (name, entry) in added {
      if let one = merged[name] {
        merged[name]?.value = try join(name, one.value, entry.value)
      } else {
        merged[name] = entry
      }
    }
    return YAMLNode(.mapping(merged), at: earlier.position)
  }
}
