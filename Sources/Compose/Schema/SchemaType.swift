import YAML

/// The accepted forms of a key's value, and their canonical form.
indirect enum SchemaType: Sendable {
  /// A string.
  case string
  /// One of these strings.
  case word([String])
  /// A string that the pattern accepts.
  case matching(Pattern)
  /// A string or a whole number; canonical: a string.
  case stringOrInteger
  /// A boolean, or a string with one.
  case boolean
  /// A boolean, not a string.
  case strictBoolean
  /// A string or a boolean; canonical: a string.
  case booleanText
  /// A whole number, or a string with one.
  case integer(IntegerRule)
  /// A number, or a string with one; canonical: single precision.
  case decimal
  /// A byte size; canonical: a string of digits.
  case bytes(ByteForms)
  /// A duration; canonical: a string such as `1m30s`.
  case duration
  /// The permissions of a file, a number or an octal string; canonical: a string such as `0444`.
  case fileMode
  /// Any value, kept unchanged.
  case any
  /// A list of strings.
  case strings
  /// A list of strings without duplicates.
  case distinctStrings
  /// A string or a list of strings; canonical: a list.
  case stringOrStrings
  /// A list of strings and numbers.
  case texts
  /// Null, a command line, or a list of words; canonical: null or a list.
  case command
  /// A healthcheck's test; canonical: a list that starts with `CMD`, `CMD-SHELL` or `NONE`.
  case test
  /// Hosts and their addresses, as a mapping or a list; the notation is kept.
  case hosts
  /// Names with values, as a mapping or as a list of `NAME=value`; canonical: a mapping. With
  /// `distinct`, a list with duplicates is refused.
  case pairs(StringMapRule, distinct: Bool = false)
  /// Names with one or several values.
  case manyValued
  /// A mapping with these keys.
  case fields(ObjectSchema)
  /// A mapping with user-defined names.
  case names(SchemaType, allowsNull: Bool)
  /// A list.
  case list(SchemaType)
  /// Null or the inner shape.
  case optional(SchemaType)
  /// The second shape for a mapping, else the first.
  case either(SchemaType, orMapping: SchemaType)
  /// A short form that is expanded before files are merged.
  case expanding(NodeTransform, SchemaType)
  /// A value that is completed or validated after files are merged.
  case completing(NodeTransform, SchemaType)
}

extension SchemaType {
  /// The inner shape without expansion, completion and null.
  var resolved: SchemaType {
    switch self {
    case .expanding(_, let inner), .completing(_, let inner), .optional(let inner): inner.resolved
    default: self
    }
  }

  /// The rule for values if the shape is `pairs`.
  var pairValues: StringMapRule? {
    if case .pairs(let values, _) = resolved { values } else { nil }
  }
}

/// Expands a short form, adds defaults, or returns a node unchanged.
typealias NodeTransform =
  @Sendable (YAMLNode, inout Canonicalizer) throws(DiagnosticError) -> YAMLNode

/// The accepted values of `SchemaType.pairs`.
enum StringMapRule: Sendable {
  /// A name with null or without a value gets its value from the environment.
  case environment
  /// A name with null or without a value gets the empty string.
  case labels
  /// Every name has a value.
  case contexts
  /// Keys of SSH agents; null for the default key.
  case keys
  /// A mapping of strings, numbers and null; no list.
  case options
  /// A mapping of strings and numbers; no list.
  case driverOptions
  /// A mapping of strings, whole numbers and null; no list.
  case storage
  /// A mapping of strings and whole numbers, without null; no list.
  case secretOptions
  /// A mapping of strings; no list.
  case strings

  /// True if a list of `NAME=value` is accepted in place of a mapping.
  var allowsList: Bool {
    switch self {
    case .environment, .labels, .contexts, .keys: true
    case .options, .driverOptions, .storage, .secretOptions, .strings: false
    }
  }

  /// True if a name can be empty.
  var allowsNoName: Bool {
    switch self {
    case .options, .driverOptions, .storage, .secretOptions: true
    case .environment, .labels, .contexts, .keys, .strings: false
    }
  }

  /// True if names that start with `x-` are refused, because Docker Compose treats them as
  /// extensions.
  var refusesExtensions: Bool {
    switch self {
    case .storage, .secretOptions: true
    default: false
    }
  }

  /// True if null in a later file keeps the earlier file's value.
  var skipsNull: Bool { !allowsList }
}

/// The rule for merging the values of a key in several files (Compose specification, "Merge and
/// override").
enum MergeStrategy: Sendable {
  /// The later file's value, unless it is null.
  case replace
  /// The later file's value, even if it is null.
  case override
  /// Key by key.
  case deep
  /// Key by key; null is a value.
  case pairs
  /// Appends the later list. Entries with the same identity become one entry at the first one's
  /// index, with the last one's value; with `keepsPosition` also with the first one's position in
  /// the file, which shows the entries that were written as one.
  case append(identity: (@Sendable (YAMLNode) -> String?)?, keepsPosition: Bool = false)
  /// Key by key, unless the values name different drivers; then the later value.
  case sameDriver
  /// Appends the later list without duplicates; mappings are converted to lists.
  case hosts
  /// Address pools with the same subnet are merged key by key.
  case pools
}

/// The condition under which `config` omits a key.
enum OutputRule: Sendable {
  /// If it is empty, zero or false.
  case empty
  /// If it is true.
  case whenTrue
  /// Only if the file doesn't set it.
  case unset
  /// If it is empty, in YAML; JSON always has it, as an empty mapping by default.
  case emptyInYAML
  /// Never; this value is printed if the file doesn't set it.
  case never(YAMLNode.Content)
  /// If it is empty, in JSON; YAML always has it, with this value by default.
  case emptyInJSON(YAMLNode.Content)
}
