import OrderedCollections

/// The variables that a project's files see, and their replacement in a tree (Compose specification,
/// "Interpolation").
struct InterpolationEnvironment {
  /// Variables without value or default that were asked for.
  private(set) var warnings: [Located<String>] = []
  private var strongest: [String: String]
  private let fallback: [String: String]
  private let dotEnv: OrderedDictionary<String, String>
  private var warned: Set<String> = []

  /// Takes the caller's variables and those of `.env` beside the first file.
  init(_ options: LoadOptions, sources: SourceFiles) throws(ComposeError) {
    let (strongest, fallback) = (options.environment, options.fallbackEnvironment)
    self.strongest = strongest
    self.fallback = fallback
    let shown = sources.firstFolder == "." ? ".env" : sources.firstFolder + "/.env"
    dotEnv = try EnvFileReader.read(shown, shown: shown, isRequired: false) { name in
      strongest[name] ?? fallback[name]
    }
  }

  /// A variable's value.
  subscript(name: String) -> String? { strongest[name] ?? fallback[name] ?? dotEnv[name] }

  /// Sets a variable over all others.
  mutating func set(_ name: String, to value: String) { strongest[name] = value }

  /// Replaces the variables in all strings of a tree but its keys.
  mutating func interpolate(_ node: inout YAMLNode) throws(ComposeError) {
    switch node.content {
    case .string(let text):
      if let replaced = try interpolate(text, at: node.position) {
        node.content = .string(replaced)
      }
    case .mapping:
      try node.editEach { (_, value) throws(ComposeError) in try interpolate(&value) }
    case .sequence:
      try node.editItems { (item) throws(ComposeError) in try interpolate(&item) }
    default: break
    }
  }

  private mutating func interpolate(
    _ text: String, at position: SourcePosition
  ) throws(ComposeError) -> String? {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return nil }
    let variables = self
    var interpolation = Interpolation { variables[$0] }
    let replaced: String?
    do throws(Interpolation.Fault) {
      replaced = try interpolation.replace(text)
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

/// Reads files of variables from disk.
enum EnvFileReader {
  /// A file's variables after those of files before it; `shown` is the path that messages name.
  static func read(
    _ path: String, shown: String, isRequired: Bool, at position: SourcePosition? = nil,
    after variables: OrderedDictionary<String, String> = [:],
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
      return try EnvFile.read(bytes, after: variables, lookUp: lookUp)
    } catch {
      throw ComposeError(
        error.message, at: SourcePosition(file: shown, line: error.line, column: 1))
    }
  }
}
