import OrderedCollections

extension YAMLNode {
  /// An empty mapping.
  package init(mappingAt position: SourcePosition) { self.init(.mapping([:]), at: position) }

  /// Sets a key of a mapping; a new key gets the position of its value.
  package mutating func set(_ key: String, _ value: YAMLNode, at keyPosition: SourcePosition? = nil)
  {
    guard case .mapping(var entries) = content else { return }
    content = .null
    entries[key] = Entry(
      keyPosition: keyPosition ?? entries[key]?.keyPosition ?? value.position, value: value)
    content = .mapping(entries)
  }

  /// Sets a key to a string at the node's own position.
  package mutating func set(_ key: String, text: String) {
    set(key, YAMLNode(.string(text), at: position))
  }

  /// Removes a key.
  package mutating func remove(_ key: String) {
    guard case .mapping(var entries) = content else { return }
    content = .null
    entries[key] = nil
    content = .mapping(entries)
  }

  /// Removes the keys that meet a condition.
  package mutating func removeAll(where isRemoved: (String, Entry) -> Bool) {
    guard case .mapping(var entries) = content else { return }
    content = .null
    entries.removeAll { isRemoved($0.key, $0.value) }
    content = .mapping(entries)
  }

  /// Changes the value of a key in place, if the key exists.
  package mutating func edit<Failure: Error>(
    _ key: String, _ body: (inout YAMLNode) throws(Failure) -> Void
  ) throws(Failure) {
    guard case .mapping(var entries) = content, entries[key] != nil else { return }
    content = .null
    var value = YAMLNode(.null, at: position)
    if let index = entries.index(forKey: key) { swap(&value, &entries.values[index].value) }
    defer { content = .mapping(entries) }
    defer { entries[key]?.value = value }
    try body(&value)
  }

  /// Changes each value of a mapping in place.
  package mutating func editEach<Failure: Error>(
    _ body: (String, inout YAMLNode) throws(Failure) -> Void
  ) throws(Failure) {
    guard case .mapping(var entries) = content else { return }
    content = .null
    defer { content = .mapping(entries) }
    for index in entries.elements.indices {
      let key = entries.keys[index]
      try body(key, &entries.values[index].value)
    }
  }

  /// Changes each entry of a mapping in place.
  package mutating func editEntries<Failure: Error>(
    _ body: (String, inout Entry) throws(Failure) -> Void
  ) throws(Failure) {
    guard case .mapping(var entries) = content else { return }
    content = .null
    defer { content = .mapping(entries) }
    for index in entries.elements.indices {
      let key = entries.keys[index]
      try body(key, &entries.values[index])
    }
  }

  /// Changes each item of a list in place.
  package mutating func editItems<Failure: Error>(
    _ body: (inout YAMLNode) throws(Failure) -> Void
  ) throws(Failure) {
    guard case .sequence(var items) = content else { return }
    content = .null
    defer { content = .sequence(items) }
    for index in items.indices { try body(&items[index]) }
  }

  /// The node, marked as written in a short form.
  package var shortened: YAMLNode {
    var node = self
    node.form = .short
    return node
  }

  /// The list with each item expanded; any other node is returned unchanged.
  package func expandingItems(
    _ expand: (YAMLNode) throws(DiagnosticError) -> YAMLNode
  ) throws(DiagnosticError) -> YAMLNode {
    guard let items = sequence else { return self }
    var expanded: [YAMLNode] = []
    expanded.reserveCapacity(items.count)
    for item in items {
      let long = try expand(item)
      expanded.append(item.mapping == nil ? long.shortened : long)
    }
    return YAMLNode(.sequence(expanded), at: position)
  }
}

extension StringProtocol {
  /// The parts before and after the first separator; `after` is nil without a separator.
  package func split(_ separator: Character) -> (before: String, after: String?) {
    guard let index = firstIndex(of: separator) else { return (String(self), nil) }
    return (String(self[..<index]), String(self[self.index(after: index)...]))
  }
}
