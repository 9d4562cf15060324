import YAML

/// The files of a project and its directory (Compose specification, "The Compose file").
struct SourceFiles {
  /// The files, as the user named them or as they were found.
  let files: [String]
  /// The project's directory, absolute.
  let directory: String
  /// The project's directory in messages.
  let shownDirectory: String

  private static let names = [
    "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml",
  ]
  private static let overrides = [
    "compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
    "docker-compose.override.yaml",
  ]

  /// Uses the given files, else those of `COMPOSE_FILE`, else searches for files with a default
  /// name; throws if there are none.
  init(_ options: LoadOptions, environment: InterpolationEnvironment) throws(DiagnosticError) {
    let start = options.projectDirectory ?? "."
    if !options.files.isEmpty {
      files = options.files
    } else if let named = environment["COMPOSE_FILE"] {
      let given = environment["COMPOSE_PATH_SEPARATOR"] ?? ""
      files = Self.parts(of: named, separator: given.isEmpty ? ":" : given)
      guard !files.contains("") else {
        throw DiagnosticError("COMPOSE_FILE=\(named): a file's name is empty")
      }
    } else {
      files = try Self.discover(in: start, climbs: !options.confine)
    }
    shownDirectory = options.projectDirectory ?? Self.directory(of: files) ?? "."
    directory = Path.join(Path.current, shownDirectory)
  }

  private static func parts(of text: String, separator: String) -> [String] {
    var parts: [String] = []
    var rest = text[...]
    while let next = rest.firstRange(of: separator) {
      parts.append(String(rest[..<next.lowerBound]))
      rest = rest[next.upperBound...]
    }
    return parts + [String(rest)]
  }

  /// The directory of the first file that isn't standard input; nil if there is none.
  static func directory(of files: [String]) -> String? {
    files.first { $0 != "-" }.map(Path.directory)
  }

  /// A path of the project as it appears in messages.
  func shown(_ path: String) -> String {
    guard path.hasPrefix(directory + "/") else { return path }
    let rest = String(path.dropFirst(directory.utf8.count + 1))
    return shownDirectory == "." ? rest : Path.join(shownDirectory, rest)
  }

  private static func discover(
    in directory: String, climbs: Bool
  ) throws(DiagnosticError) -> [String] {
    var location = directory
    while true {
      func path(_ name: String) -> String { location == "." ? name : Path.join(location, name) }
      if let name = names.first(where: { Path.exists(path($0)) }) {
        return [path(name)] + overrides.map(path).filter(Path.exists).prefix(1)
      }
      let parent = Path.directory(of: Path.join(Path.current, location))
      guard climbs, parent != Path.join(Path.current, location) else { break }
      location = parent
    }
    throw DiagnosticError(
      "no Compose file in \(Path.join(Path.current, directory)): searched for \(names.joined(separator: ", "))"
    )
  }
}

/// One document of a Compose file.
struct SourceDocument {
  /// The tree as written in the file.
  let tree: YAMLNode
  /// The effect on the files before it.
  let directives: MergeDirectives
  /// True for the format of Compose 1.
  let isLegacy: Bool
  /// False if no value of the file can contain a dollar sign.
  let mayInterpolate: Bool

  /// Reads the documents of a file; `position` is the reference to it in another file.
  static func read(
    _ file: String, within reach: FileReach, _ budget: InputBudget,
    at position: SourcePosition? = nil
  ) throws(DiagnosticError) -> [SourceDocument] {
    let bytes: [UInt8]
    do throws(Path.ReadFailure) {
      bytes = try reach.read(file, limit: YAMLParser.Limit.bytes)
    } catch {
      let prefix = position == nil ? "\(file): the file" : "the file \(file)"
      throw reach.error(prefix, file, error, at: position)
    }
    try budget.take(
      bytes.count, .bytes, at: position ?? SourcePosition(file: file, line: 1, column: 1))
    // A double-quoted string can contain a `$` as an escape sequence.
    let mayInterpolate = bytes.contains { $0 == UInt8(ascii: "$") || $0 == UInt8(ascii: "\\") }
    return try YAMLParser.documents(in: bytes, file: file, within: budget).map {
      (document) throws(DiagnosticError) in
      try InputLimits.checkServices(of: document.root)
      var tree = document.root
      let directives = document.hasDirectives ? MergeDirectives(takenFrom: &tree) : .none
      return SourceDocument(
        tree: tree, directives: directives, isLegacy: LegacyFormat.isUsed(by: tree),
        mayInterpolate: mayInterpolate)
    }
  }
}
