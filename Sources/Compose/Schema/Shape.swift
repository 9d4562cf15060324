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
