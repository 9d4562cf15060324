import OrderedCollections
import YAML

/// What the value of a key may look like, and the canonical form that it is brought to.
indirect enum Shape: Sendable {
  /// A string.
  case string
  /// One of these words.
  case word([String])
  /// A string that the pattern finds something in; the text says what is wanted.
  case matching(Pattern)
  /// A string or a whole number; canonical: a string.
  case stringOrInteger
  /// A boolean, or a string that spells one.
  case boolean
  /// A boolean and nothing else.
  case strictBoolean
  /// A string or a boolean; canonical: a string.
  case booleanText
  /// A whole number, or a string that spells one.
  case integer(WholeNumber)
  /// A number, or a string that spells one; canonical: single precision.
  case decimal
  /// A byte size; canonical: a string of digits.
  case bytes(ByteForms)
  /// A duration; canonical: as `1m30s`.
  case duration
  /// The permissions of a file, octal where it is a string; canonical: a string such as `0444`.
  case fileMode
  /// Anything; kept as it is.
  case any
  /// A list of strings.
  case strings
  /// A list of strings that refuses one that stands twice.
  case distinctStrings
  /// A string or a list of strings; canonical: a list.
  case stringOrStrings
  /// A list of strings and numbers.
  case texts
  /// Null, a command line, or its words; canonical: null or words.
  case command
  /// A healthcheck's test; canonical: `CMD`, `CMD-SHELL` or `NONE` and what follows.
  case test
  /// Hosts and their addresses, as a mapping or a list; both are kept.
  case hosts
  /// Names with values, as a mapping or as a list of `NAME=value`, which may refuse what stands in it twice;
  /// canonical: a mapping.
  case pairs(PairValues, distinct: Bool = false)
  /// Names with one value or several.
  case manyValued
  /// A mapping with these keys.
  case fields(KeyTable)
  /// A mapping with names of the user's own.
  case names(Shape, allowsNull: Bool)
  /// A list.
  case list(Shape)
  /// Null, or what follows.
  case optional(Shape)
  /// Where a mapping stands the second, else the first.
  case either(Shape, orMapping: Shape)
  /// A short form that is expanded before files are merged.
  case expanding(Expander, Shape)
  /// What is filled in or checked after files are merged.
  case completing(Expander, Shape)
}

extension Shape {
  /// The form itself, without what expands it, fills it in, or lets it be null.
  var resolved: Shape {
    switch self {
    case .expanding(_, let inner), .completing(_, let inner), .optional(let inner): inner.resolved
    default: self
    }
  }

  /// What the values may be where the form is `pairs`.
  var pairValues: PairValues? {
    if case .pairs(let values, _) = resolved { values } else { nil }
  }
}

/// Turns a short form into the long one, fills in defaults, or leaves a node as it is.
typealias Expander =
  @Sendable (YAMLNode, inout Canonicalizer) throws(ComposeError) -> YAMLNode

/// What a value of `Shape.pairs` may be.
enum PairValues: Sendable {
  /// Null and a name alone mean that the value comes from the environment.
  case environment
  /// Null and a name alone mean the empty string.
  case labels
  /// Every name has a value.
  case contexts
  /// Keys of SSH agents; null for the default one.
  case keys
  /// A mapping only, of strings, numbers and null.
  case options
  /// A mapping only, of strings and numbers.
  case driverOptions
  /// A mapping only, of strings and whole numbers.
  case storage
  /// The same without null.
  case secretOptions
  /// A mapping of strings only.
  case strings

  /// True where a list of `NAME=value` may stand for the mapping.
  var allowsList: Bool {
    switch self {
    case .environment, .labels, .contexts, .keys: true
    case .options, .driverOptions, .storage, .secretOptions, .strings: false
    }
  }

  /// True where a name may be empty.
  var allowsNoName: Bool {
    switch self {
    case .options, .driverOptions, .storage, .secretOptions: true
    case .environment, .labels, .contexts, .keys, .strings: false
    }
  }

  /// True where a name that starts with `x-` is refused, since Docker Compose takes it for an extension.
  var refusesExtensions: Bool {
    switch self {
    case .storage, .secretOptions: true
    default: false
    }
  }

  /// True where null in a later file leaves the earlier file's value.
  var skipsNull: Bool { !allowsList }
}

/// How the values of a key in several files become one (Compose specification, "Merge and override").
enum MergeRule: Sendable {
  /// The later file's value, unless it is null.
  case replace
  /// The later file's value, null too.
  case override
  /// Key by key.
  case deep
  /// Key by key, where null is a value.
  case pairs
  /// One list after the other; entries of the same identity keep the first's place and the last's value, and the first's
  /// position in the files if that tells which entries were written as one.
  case append(identity: (@Sendable (YAMLNode) -> String?)?, keepsPosition: Bool = false)
  /// Key by key if both name the same driver or one names none, else the later.
  case sameDriver
  /// One list after the other without what the first has already, mappings turned into lists.
  case hosts
  /// Pools of addresses: those of the same subnet key by key.
  case pools
}

/// When `config` leaves a key out.
enum Omission: Sendable {
  /// Where it is empty, zero or false.
  case empty
  /// Where it is true.
  case whenTrue
  /// Only where the file doesn't set it.
  case unset
  /// Never in JSON, which shows an empty mapping; in YAML where it is empty.
  case emptyInYAML
  /// Never; this where the file doesn't set it.
  case never(YAMLNode.Content)
  /// Where it is empty in JSON; never in YAML, which shows this.
  case emptyInJSON(YAMLNode.Content)
}

/// One key of a mapping of the specification.
struct Key: Sendable {
  /// Its name in the file.
  let name: String
  /// Its name in JSON.
  let nameInJSON: String
  /// What it holds.
  let shape: Shape
  /// How several files' values become one.
  let merge: MergeRule
  /// When `config` leaves it out.
  let omission: Omission
  /// Where it goes: a field of the Engine API, or what the executor does with it.
  let goes: String
  /// False for what only a desktop, a swarm or Windows can do: `config` keeps it, and a pod's start says so.
  let isHonoured: Bool

  init(
    _ name: String, _ shape: Shape, _ merge: MergeRule? = nil, omit: Omission? = nil,
    json: String? = nil, goes: String
  ) {
    self.init(name, shape, merge, omit: omit, json: json, goes: goes, isHonoured: true)
  }

  /// A key that no pod can honour.
  init(
    _ name: String, _ shape: Shape, _ merge: MergeRule? = nil, omit: Omission? = nil,
    json: String? = nil, never: String
  ) {
    self.init(name, shape, merge, omit: omit, json: json, goes: never, isHonoured: false)
  }

  private init(
    _ name: String, _ shape: Shape, _ merge: MergeRule?, omit: Omission?, json: String?,
    goes: String, isHonoured: Bool
  ) {
    self.name = name
    self.nameInJSON = json ?? name
    self.shape = shape
    self.merge = merge ?? Self.merge(for: shape)
    self.omission = omit ?? Self.omission(for: shape)
    self.goes = goes
    self.isHonoured = isHonoured
  }

  /// The same where entries of a list are never taken for one another, and where some lists refuse what stands in
  /// them twice.
  var withoutIdentity: Key {
    var (shape, merge) = (self.shape, self.merge)
    if case .append = merge { merge = .append(identity: nil) }
    if case .pairs(let values, _) = shape { shape = .pairs(values, distinct: true) }
    if case .expanding(let expand, let long) = shape, ["ports", "volumes"].contains(name) {
      let expandDistinct: Expander = { (node, canonicalizer) throws(ComposeError) in
        try Canonicalizer.refuseEqualItems(of: node)
        return try expand(node, &canonicalizer)
      }
      shape = .expanding(expandDistinct, long)
    }
    return Key(
      name, shape, merge, omit: omission, json: nameInJSON, goes: goes, isHonoured: isHonoured)
  }

  private static func merge(for shape: Shape) -> MergeRule {
    switch shape.resolved {
    case .command, .test: .override
    case .hosts: .hosts
    case .pairs: .pairs
    case .fields, .names, .manyValued, .any: .deep
    case .list, .strings, .distinctStrings, .stringOrStrings, .texts: .append(identity: nil)
    default: .replace
    }
  }

  private static func omission(for shape: Shape) -> Omission {
    switch shape.resolved {
    case .command, .duration, .fields: .unset
    default: .empty
    }
  }
}

/// The keys of one kind of mapping, in the order in which `config` prints them.
struct KeyTable: Sendable {
  /// What the mapping is, for messages: "a service".
  let subject: String
  /// The keys.
  let keys: [Key]
  /// Those that must be there.
  let required: [String]
  /// True where Docker Compose says nothing of keys that it doesn't know.
  let ignoresUnknown: Bool
  /// True where keys that start with `x-` may stand.
  let allowsExtensions: Bool
  /// Former names of keys; a value under one stands before that under the key itself.
  let formerNames: KeyValuePairs<String, String>
  private let index: [String: Int]

  init(
    _ subject: String, _ keys: [Key], required: [String] = [], ignoresUnknown: Bool = false,
    allowsExtensions: Bool = true, formerNames: KeyValuePairs<String, String> = [:]
  ) {
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

  subscript(_ name: String) -> Key? { index[name].map { keys[$0] } }

  /// The key that a mistyped one most likely stands for.
  func similar(to name: String) -> String? {
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
