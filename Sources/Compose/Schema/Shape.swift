/// What the value of a key may look like, and the canonical form that it is brought to.
indirect enum Shape: Sendable {
  /// A string.
  case string
  /// A string or null.
  case optionalString
  /// A string or a whole number; canonical: a string.
  case stringOrInteger
  /// A boolean, or a string that spells one.
  case boolean
  /// A whole number, or a string that spells one.
  case integer
  /// A number, or a string that spells one; canonical: single precision.
  case decimal
  /// A byte size; canonical: a string of digits.
  case bytes
  /// A duration; canonical: as `1m30s`.
  case duration
  /// Anything; kept as it is.
  case any
  /// A list of strings.
  case strings
  /// A list of strings that refuses one that stands twice.
  case distinctStrings
  /// A string or a list of strings; canonical: a list.
  case stringOrStrings
  /// A list of strings and numbers; canonical: strings.
  case texts
  /// Null, a command line, or its words; canonical: null or words.
  case command
  /// A healthcheck's test; canonical: `CMD`, `CMD-SHELL` or `NONE` and what follows.
  case test
  /// Names with values, as a mapping or as a list of `NAME=value`; canonical: a mapping.
  case pairs(PairValues)
  /// A mapping with these keys.
  case fields(KeyTable)
  /// A mapping with names of the user's own.
  case names(Shape, allowsNull: Bool)
  /// A list.
  case list(Shape)
  /// A short form that is expanded first.
  case expanding(Expander, Shape)
  /// A key of the specification that we don't honour yet.
  case later
}

/// Turns a short form into the long one, or leaves a node as it is.
typealias Expander =
  @Sendable (YAMLNode, inout Canonicalizer) throws(ComposeError) -> YAMLNode

/// What a value of `Shape.pairs` may be.
enum PairValues: Sendable {
  /// Null and a name alone mean that the value comes from the environment.
  case environment
  /// Null and a name alone mean the empty string.
  case labels
  /// A mapping only; null means the empty string.
  case options
  /// A mapping of strings only.
  case strings
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
  /// One list after the other; entries of the same identity keep the first's place and the last's value.
  case append(identity: (@Sendable (YAMLNode) -> String?)?)
  /// Key by key if both name the same driver or one names none, else the later.
  case sameDriver
}

/// When `config` leaves a key out.
enum Omission: Sendable {
  /// Where it is empty, zero or false.
  case empty
  /// Where it is true.
  case whenTrue
  /// Only where the file doesn't set it.
  case unset
}

/// One key of a mapping of the specification.
struct Key: Sendable {
  /// Its name in the file.
  let name: String
  /// What it holds.
  let shape: Shape
  /// How several files' values become one.
  let merge: MergeRule
  /// When `config` leaves it out.
  let omission: Omission
  /// Where it goes: a field of the Engine API, or what the executor does with it.
  let goes: String

  init(
    _ name: String, _ shape: Shape, _ merge: MergeRule? = nil, omit: Omission? = nil,
    goes: String = ""
  ) {
    self.name = name
    self.shape = shape
    self.merge = merge ?? Self.merge(for: shape)
    self.omission = omit ?? Self.omission(for: shape)
    self.goes = goes
  }

  private static func merge(for shape: Shape) -> MergeRule {
    switch shape {
    case .command, .test: .override
    case .strings, .stringOrStrings, .texts: .append(identity: { $0.string })
    case .pairs: .pairs
    case .fields, .names: .deep
    case .list, .distinctStrings: .append(identity: nil)
    case .expanding(_, let long): merge(for: long)
    default: .replace
    }
  }

  private static func omission(for shape: Shape) -> Omission {
    switch shape {
    case .command, .duration, .fields: .unset
    case .expanding(_, let long): omission(for: long)
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
  private let index: [String: Int]

  init(_ subject: String, _ keys: [Key]) {
    self.subject = subject
    self.keys = keys
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
