import OrderedCollections

/// The variables that a project's files see, and their replacement in a tree (Compose specification,
/// "Interpolation").
struct InterpolationEnvironment {
  /// Variables without value or default that were asked for.
  private(set) var warnings: [Located<String>] = []
  private var strongest: [String: String]
  private let fallback: [String: String]
  private var fromFiles: OrderedDictionary<String, String> = [:]
  private var warned: Set<String> = []
  private var size = 0

  /// Takes the caller's variables.
  init(_ options: LoadOptions) {
    strongest = options.environment
    fallback = options.fallbackEnvironment
  }

  /// A variable's value.
  subscript(name: String) -> String? { strongest[name] ?? fallback[name] ?? fromFiles[name] }

  /// Sets a variable over all others.
  mutating func set(_ name: String, to value: String) { strongest[name] = value }

  /// Adds the variables of files, the later over the earlier, below those that are there.
  mutating func add(
    files: [EnvironmentFile], at position: SourcePosition? = nil
  ) throws(ComposeError) {
    var added: OrderedDictionary<String, String> = [:]
    let known = self
    for file in files {
      added = try EnvFileReader.read(
        file.path, shown: file.shown, isRequired: file.isRequired, at: position, after: added
      ) { known[$0] }
    }
    fromFiles.merge(added) { own, _ in own }
  }

  /// Takes over what another one warned of, and how much it has replaced.
  mutating func add(warningsOf other: InterpolationEnvironment) {
    size = max(size, other.size)
    for warning in other.warnings where !warnings.contains(warning) { warnings.append(warning) }
  }

  /// Replaces the variables in all strings of a tree but its keys.
  mutating func interpolate(
    _ node: inout YAMLNode, as format: Interpolation.Format = .modern
  ) throws(ComposeError) {
    switch node.content {
    case .string(let text):
      if let replaced = try interpolate(text, as: format, at: node.position) {
        node.content = .string(replaced)
      }
    case .mapping:
      try node.editEach { (_, value) throws(ComposeError) in try interpolate(&value, as: format) }
    case .sequence:
      try node.editItems { (item) throws(ComposeError) in try interpolate(&item, as: format) }
    default: break
    }
  }

  private mutating func interpolate(
    _ text: String, as format: Interpolation.Format, at position: SourcePosition
  ) throws(ComposeError) -> String? {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return nil }
    let variables = self
    var interpolation = Interpolation(as: format) { variables[$0] }
    let replaced: String?
    do throws(Interpolation.Fault) {
      replaced = try interpolation.replace(text)
      size += replaced?.utf8.count ?? 0
      if size > Interpolation.totalLimit { throw .tooLong }
    } catch {
      throw ComposeError(error.message(in: text), at: position)
    }
    for name in interpolation.undefined where warned.insert(name).inserted {
      warnings.append(
        Located("the variable `\(name)` is not set; it is taken as empty", at: position))
    }
    return replaced
  }
}

/// A file of variables to be read.
struct EnvironmentFile {
  /// Its path.
  let path: String
  /// Its path as messages show it.
  let shown: String
  /// False if it may be missing.
  let isRequired: Bool

  /// The files of `--env-file`, else of `COMPOSE_ENV_FILES`; nil for `.env`.
  static func given(
    by options: LoadOptions, environment: InterpolationEnvironment
  ) -> [EnvironmentFile]? {
    let names =
      options.envFiles.isEmpty
      ? (environment["COMPOSE_ENV_FILES"] ?? "").split(separator: ",").map(String.init)
      : options.envFiles
    if names.isEmpty { return nil }
    return names.map { name in
      EnvironmentFile(path: Path.join(Path.current, name), shown: name, isRequired: true)
    }
  }

  /// `.env` of a folder; nothing where `COMPOSE_DISABLE_ENV_FILE` says so.
  static func usual(
    in folder: String, environment: InterpolationEnvironment
  ) throws(ComposeError) -> [EnvironmentFile] {
    if let text = environment["COMPOSE_DISABLE_ENV_FILE"] {
      switch text {
      case "1", "t", "T", "true", "True", "TRUE": return []
      case "0", "f", "F", "false", "False", "FALSE": break
      default: throw ComposeError("COMPOSE_DISABLE_ENV_FILE must be true or false, not `\(text)`")
      }
    }
    let path = folder == "." ? ".env" : Path.join(folder, ".env")
    return Path.isFolder(path) ? [] : [EnvironmentFile(path: path, shown: path, isRequired: false)]
  }
}

/// Reads files of variables from disk.
enum EnvFileReader {
  /// A file's variables after those of files before it; `shown` is the path that messages name.
  static func read(
    _ path: String, shown: String, isRequired: Bool, at position: SourcePosition? = nil,
    isRaw: Bool = false, after variables: OrderedDictionary<String, String> = [:],
    lookUp: @escaping (String) -> String?
  ) throws(ComposeError) -> OrderedDictionary<String, String> {
    let bytes: [UInt8]
    do throws(Path.ReadFailure) {
      bytes = try Path.read(path, limit: YAMLParser.Limit.bytes)
    } catch {
      if error.isMissing, !isRequired { return variables }
      throw ComposeError("the file \(shown) can't be read: \(error.reason)", at: position)
    }
    do throws(EnvFile.Fault) {
      return isRaw
        ? try RawEnvFile.read(bytes, after: variables, lookUp: lookUp)
        : try EnvFile.read(bytes, after: variables, lookUp: lookUp)
    } catch {
      throw ComposeError(
        error.message, at: SourcePosition(file: shown, line: error.line, column: 1))
    }
  }
}
