import YAML

/// One key of a mapping in the specification.
struct SchemaProperty: Sendable {
  /// The name in the file.
  let name: String
  /// The name in JSON.
  let nameInJSON: String
  /// The type of the value.
  let shape: SchemaType
  /// The rule for merging the values of several files.
  let merge: MergeStrategy
  /// The condition under which `config` omits the key.
  let outputRule: OutputRule
  /// The field of the Engine API that it sets, or its effect in the executor.
  let mapsTo: String
  /// False for keys that only Docker Desktop, swarms or Windows support: `config` prints them, and
  /// the start of a pod reports them.
  let isSupported: Bool
  /// The class that the operator's `allow:` applies to.
  let keyClass: KeyClass

  init(
    _ name: String, _ shape: SchemaType, _ merge: MergeStrategy? = nil, omit: OutputRule? = nil,
    json: String? = nil, mapsTo: String, is keyClass: KeyClass = .never
  ) {
    self.init(
      name, shape, merge, omit: omit, json: json, mapsTo: mapsTo, isSupported: true, is: keyClass)
  }

  /// A key without effect in a pod.
  init(
    _ name: String, _ shape: SchemaType, _ merge: MergeStrategy? = nil, omit: OutputRule? = nil,
    json: String? = nil, never: String
  ) {
    self.init(
      name, shape, merge, omit: omit, json: json, mapsTo: never, isSupported: false, is: .harmless)
  }

  private init(
    _ name: String, _ shape: SchemaType, _ merge: MergeStrategy?, omit: OutputRule?, json: String?,
    mapsTo: String, isSupported: Bool, is keyClass: KeyClass
  ) {
    self.name = name
    self.nameInJSON = json ?? name
    self.shape = shape
    self.merge = merge ?? Self.merge(for: shape)
    self.outputRule = omit ?? Self.outputRule(for: shape)
    self.mapsTo = mapsTo
    self.isSupported = isSupported
    self.keyClass = keyClass
  }

  /// The key without merging of list entries by identity. Some lists then refuse duplicate entries.
  var withoutIdentity: SchemaProperty {
    var (shape, merge) = (self.shape, self.merge)
    if case .append = merge { merge = .append(identity: nil) }
    if case .pairs(let values, _) = shape { shape = .pairs(values, distinct: true) }
    if case .expanding(let expand, let long) = shape, ["ports", "volumes"].contains(name) {
      let expandDistinct: NodeTransform = { (node, canonicalizer) throws(DiagnosticError) in
        try Canonicalizer.refuseEqualItems(of: node)
        return try expand(node, &canonicalizer)
      }
      shape = .expanding(expandDistinct, long)
    }
    return SchemaProperty(
      name, shape, merge, omit: outputRule, json: nameInJSON, mapsTo: mapsTo,
      isSupported: isSupported,
      is: keyClass)
  }

  private static func merge(for shape: SchemaType) -> MergeStrategy {
    switch shape.resolved {
    case .command, .test: .override
    case .hosts: .hosts
    case .pairs: .pairs
    case .fields, .names, .manyValued, .any: .deep
    case .list, .strings, .distinctStrings, .stringOrStrings, .texts: .append(identity: nil)
    default: .replace
    }
  }

  private static func outputRule(for shape: SchemaType) -> OutputRule {
    switch shape.resolved {
    case .command, .duration, .fields: .unset
    default: .empty
    }
  }
}

/// The keys of one type of mapping, in the order in which `config` prints them.
struct ObjectSchema: Sendable {
  /// The name of the mapping in messages: "a service".
  let subject: String
  let keys: [SchemaProperty]
  /// The required keys.
  let required: [String]
  /// True if Docker Compose ignores unknown keys.
  let ignoresUnknown: Bool
  /// True if keys that start with `x-` are allowed.
  let allowsExtensions: Bool
  /// The extensions that this program reads.
  let readExtensions: [SchemaProperty]
  /// Former names of keys. A value under a former name is the earlier one when both are merged.
  let formerNames: KeyValuePairs<String, String>
  private let index: [String: Int]

  init(
    _ subject: String, _ keys: [SchemaProperty], required: [String] = [],
    ignoresUnknown: Bool = false,
    allowsExtensions: Bool = true, readExtensions: [SchemaProperty] = [],
    formerNames: KeyValuePairs<String, String> = [:]
  ) {
    self.readExtensions = readExtensions
    self.ignoresUnknown = ignoresUnknown
    self.allowsExtensions = allowsExtensions
    self.formerNames = formerNames
    self.subject = subject
    self.keys = keys
    self.required = required
    var index: [String: Int] = [:]
    for (offset, key) in keys.enumerated() { index[key.name] = offset }
    self.index = index
  }

  subscript(_ name: String) -> SchemaProperty? { index[name].map { keys[$0] } }

  /// The key most similar to an unknown one; nil if none is similar enough.
  func similar(to name: String) -> String? {
    guard name.utf8.count <= 256 else { return nil }
    let wanted = name.lowercased().filter { $0 != "_" && $0 != "-" }
    let near = keys.map { key in
      let own = key.name.filter { $0 != "_" }
      return (key.name, Self.distance(Array(wanted.utf8), Array(own.utf8)))
    }
    guard let best = near.min(by: { $0.1 < $1.1 }), best.1 <= max(1, wanted.count / 4) else {
      return nil
    }
    return best.0
  }

  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    guard left.count < 64 else { return left.count }
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let cost = min(row[j] + 1, row[j + 1] + 1, diagonal + (a == b ? 0 : 1))
        diagonal = row[j + 1]
        row[j + 1] = cost
      }
    }
    return row[right.count]
  }
}
