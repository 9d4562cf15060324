import AgentStandIn

/// The fields of an object, with the API versions that have them. An empty table permits any
/// fields.
struct FieldTable: Sendable {
  private struct Entry: Sendable {
    let versions: Range<Int>
    let fields: FieldTable
  }

  private var entries: [String: Entry] = [:]

  private init() {}

  /// Parses the notation of `EngineAPI`. Tables are part of the source, so a mistake in one
  /// terminates the process.
  init(_ text: String) {
    var words = text.split(whereSeparator: \.isWhitespace).reversed().map(String.init)
    self.init(&words)
    precondition(words.isEmpty, "a brace too many: \(text)")
  }

  /// Parses up to a closing brace or the end. `words` is in reverse order.
  private init(_ words: inout [String]) {
    while let word = words.popLast(), word != "}" {
      if word.hasPrefix("+") {
        entries.merge(Self.object(word.dropFirst()).entries) { $1 }
        continue
      }
      let hasFields = word.hasSuffix("{")
      let sides = (hasFields ? word.dropLast() : word[...]).split(separator: "=")
      let (name, versions) = Self.range(sides[0])
      var fields = FieldTable()
      if hasFields { fields = FieldTable(&words) }
      if sides.count == 2 { fields = Self.object(sides[1]) }
      entries[name] = Entry(versions: versions, fields: fields)
    }
  }

  private static func object(_ name: Substring) -> FieldTable {
    guard let text = EngineAPI.objects[String(name)] else { preconditionFailure("no \(name)") }
    return FieldTable(text)
  }

  /// Parses `Name@30<40` into its name and its versions.
  static func range(_ text: Substring) -> (name: String, versions: Range<Int>) {
    let ends = text.split(separator: "<")
    let starts = ends[0].split(separator: "@")
    let first = starts.count == 2 ? Int(starts[1]) : 0
    let end = ends.count == 2 ? Int(ends[1]) : .max
    guard let first, let end else { preconditionFailure("no version: \(text)") }
    return (String(starts[0]), first..<end)
  }

  /// The fields of a name in a version. Nil if the version doesn't have the name.
  private func fields(of name: String, _ version: Int) -> FieldTable? {
    guard let entry = entries[name] ?? entries["*"], entry.versions.contains(version) else {
      return nil
    }
    return entry.fields
  }

  /// Whether a version has a name.
  func has(_ name: String, _ version: Int) -> Bool { fields(of: name, version) != nil }

  /// The fields of a value that a version doesn't have, such as `HostConfig.Mounts.Subpath`, sorted
  /// by name.
  func unknown(in value: JSON, _ version: Int, within path: String = "") -> [String] {
    switch value {
    case .array(let elements):
      return elements.flatMap { unknown(in: $0, version, within: path) }
    case .object(let members) where !entries.isEmpty:
      return members.sorted { $0.key < $1.key }.flatMap { name, member in
        guard let fields = fields(of: name, version) else { return [path + name] }
        return fields.unknown(in: member, version, within: "\(path)\(name).")
      }
    default: return []
    }
  }

  /// A value without the fields that a version doesn't have.
  func stripped(_ value: JSON, _ version: Int) -> JSON {
    switch value {
    case .array(let elements): .array(elements.map { stripped($0, version) })
    case .object(let members) where !entries.isEmpty:
      .object(
        Dictionary(
          uniqueKeysWithValues: members.compactMap { name, member in
            fields(of: name, version).map { (name, $0.stripped(member, version)) }
          }))
    default: value
    }
  }
}
