import OrderedCollections
import YAML

/// The variables that a project's files use, and interpolation of a tree (Compose specification,
/// "Interpolation").
struct InterpolationEnvironment {
  /// Warnings and unset variables, shared by all copies of this environment.
  let findings = Findings()
  /// The remaining input budget, shared by all copies of this environment.
  let budget = InputBudget()
  /// The files that may be read.
  let reach: FileReach
  private var strongest: [String: String]
  private let fallback: [String: String]
  private var fromFiles: OrderedDictionary<String, String> = [:]
  /// The env files of the whole project, in the order in which they were added.
  private var read: [[EnvironmentFile.Contents]] = []

  /// Starts with the caller's variables.
  init(_ options: LoadOptions) {
    reach = FileReach(options)
    strongest = options.environment
    fallback = options.fallbackEnvironment
  }

  /// The value of a variable; nil if it isn't set.
  subscript(name: String) -> String? { strongest[name] ?? fallback[name] ?? fromFiles[name] }

  var all: [String: String] {
    var all = Dictionary(uniqueKeysWithValues: fromFiles.map { ($0.key, $0.value) })
    all.merge(fallback) { _, stronger in stronger }
    all.merge(strongest) { _, stronger in stronger }
    return all
  }

  /// Sets a variable that overrides all others.
  mutating func set(_ name: String, to value: String) { strongest[name] = value }

  /// Sets the name prefix of the pod's objects and re-evaluates the env files, which may use it.
  mutating func set(podName: String) throws(DiagnosticError) {
    set("COMPOSE_PROJECT_NAME", to: podName)
    let files = read
    fromFiles = [:]
    for group in files { try add(group) }
  }

  /// Adds the variables of env files. Later files override earlier ones; existing variables win.
  mutating func add(
    files: [EnvironmentFile], at position: SourcePosition? = nil
  ) throws(DiagnosticError) {
    var contents: [EnvironmentFile.Contents] = []
    for file in files {
      guard let bytes = try EnvFileReader.bytes(of: file, within: self, at: position) else {
        continue
      }
      contents.append(EnvironmentFile.Contents(shown: file.shown, bytes: bytes))
    }
    read.append(contents)
    try add(contents)
  }

  private mutating func add(_ files: [EnvironmentFile.Contents]) throws(DiagnosticError) {
    var added: OrderedDictionary<String, String> = [:]
    let known = self
    for file in files {
      added = try EnvFileReader.variables(
        in: file.bytes, shown: file.shown, after: added, within: budget, at: nil
      ) { known[$0] }
    }
    fromFiles.merge(added) { own, _ in own }
  }

  /// Interpolates all strings of a tree except its keys.
  ///
  /// - Parameters:
  ///   - node: The tree.
  ///   - format: The supported expressions.
  ///   - faults: Collects the errors; nil to throw the first one.
  /// - Throws: `DiagnosticError` at a `$` that starts an invalid expression or a required variable
  ///   that isn't set.
  func interpolate(
    _ node: inout YAMLNode, as format: Interpolation.Format = .modern,
    collecting faults: FaultCollector? = nil
  ) throws(DiagnosticError) {
    try interpolate(&node, as: format, in: ValueLocation(isLegacy: format == .legacy), faults)
  }

  private func interpolate(
    _ node: inout YAMLNode, as format: Interpolation.Format, in location: ValueLocation,
    _ faults: FaultCollector?
  ) throws(DiagnosticError) {
    switch node.content {
    case .string(let text):
      do throws(DiagnosticError) {
        if let replaced = try interpolate(text, as: format, in: node, location) {
          node.content = .string(replaced)
        }
      } catch {
        try faults.report(error)
        faults?.markBroken(node.position)
      }
    case .mapping:
      try node.editEntries { (key, entry) throws(DiagnosticError) in
        try interpolate(
          &entry.value, as: format, in: location.below(key, at: entry.keyPosition), faults)
      }
    case .sequence:
      try node.editItems { (item) throws(DiagnosticError) in
        var inner = location
        inner.item = item.position
        try interpolate(&item, as: format, in: inner, faults)
      }
    default: break
    }
  }

  private func interpolate(
    _ text: String, as format: Interpolation.Format, in node: YAMLNode, _ location: ValueLocation
  ) throws(DiagnosticError) -> String? {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return nil }
    var interpolation = Interpolation(as: format) { self[$0] }
    let replaced: String?
    do throws(Interpolation.Failure) {
      replaced = try interpolation.replace(text)
      findings.size += replaced?.utf8.count ?? 0
      if findings.size > Interpolation.totalLimit {
        throw Interpolation.Failure(fault: .tooLong, offset: 0)
      }
    } catch {
      throw DiagnosticError(
        error.message(in: text), at: node.position(ofOffset: error.offset, in: text))
    }
    try budget.take(interpolation.uses, .uses, at: node.position(ofDollar: 0))
    findings.add(interpolation.undefined, of: text, in: node, location)
    return replaced
  }
}

extension YAMLNode {
  /// The position of the `$` at a UTF-8 offset of the node's text; the node's position if unknown.
  func position(ofOffset offset: Int, in text: String) -> SourcePosition {
    position(ofDollar: text.utf8.prefix(offset).count { $0 == UInt8(ascii: "$") })
  }

  /// The position of the `$` with this index in the node's text; the node's position if unknown.
  func position(ofDollar number: Int) -> SourcePosition {
    guard let dollars, dollars.indices.contains(number) else { return position }
    let location = dollars[number]
    return SourcePosition(
      file: position.file, line: Int(location.line), column: Int(location.column))
  }
}

/// A file of variables.
struct EnvironmentFile {
  let path: String
  /// The path in messages.
  let shown: String
  /// False if the file may be missing.
  let isRequired: Bool

  /// The bytes of a file.
  struct Contents {
    let shown: String
    let bytes: [UInt8]
  }

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

  /// The `.env` of a directory; empty if `COMPOSE_DISABLE_ENV_FILE` is true.
  static func usual(
    in directory: String, environment: InterpolationEnvironment
  ) throws(DiagnosticError) -> [EnvironmentFile] {
    if let text = environment["COMPOSE_DISABLE_ENV_FILE"] {
      switch text {
      case "1", "t", "T", "true", "True", "TRUE": return []
      case "0", "f", "F", "false", "False", "FALSE": break
      default:
        throw DiagnosticError("COMPOSE_DISABLE_ENV_FILE must be true or false, not `\(text)`")
      }
    }
    let path = directory == "." ? ".env" : Path.join(directory, ".env")
    return Path.isDirectory(path)
      ? [] : [EnvironmentFile(path: path, shown: path, isRequired: false)]
  }
}

/// Reads env files.
enum EnvFileReader {
  /// Adds a file's variables to those of earlier files; `shown` is the path in messages.
  static func read(
    _ path: String, shown: String, isRequired: Bool,
    within environment: InterpolationEnvironment,
    at position: SourcePosition? = nil,
    isRaw: Bool = false, after variables: OrderedDictionary<String, String> = [:],
    lookUp: @escaping (String) -> String?
  ) throws(DiagnosticError) -> OrderedDictionary<String, String> {
    let file = EnvironmentFile(path: path, shown: shown, isRequired: isRequired)
    guard let bytes = try bytes(of: file, within: environment, at: position) else {
      return variables
    }
    let read = try self.variables(
      in: bytes, shown: shown, isRaw: isRaw, after: variables, within: environment.budget,
      at: position, lookUp: lookUp)
    try environment.budget.take(read.count - variables.count, .variables, at: position)
    return read
  }

  /// The bytes of a file; nil if an optional file is missing.
  static func bytes(
    of file: EnvironmentFile, within environment: InterpolationEnvironment,
    at position: SourcePosition?
  ) throws(DiagnosticError) -> [UInt8]? {
    let reach = environment.reach
    let start = SourcePosition(file: file.shown, line: 1, column: 1)
    try environment.budget.take(1, .files, at: position ?? start)
    let bytes: [UInt8]
    do throws(Path.ReadFailure) {
      bytes = try reach.read(file.path, limit: YAMLParser.Limit.bytes)
    } catch {
      if error.isMissing, !file.isRequired { return nil }
      throw reach.error("the file \(file.shown)", file.path, error, at: position)
    }
    try environment.budget.take(bytes.count, .bytes, at: position ?? start)
    guard bytes.count <= YAMLParser.Limit.bytes else {
      throw DiagnosticError(
        "the file is larger than the maximum of \(YAMLParser.Limit.bytes) bytes", at: start)
    }
    return bytes
  }

  /// Adds the variables in a file's bytes to those of earlier files.
  static func variables(
    in bytes: [UInt8], shown: String, isRaw: Bool = false,
    after variables: OrderedDictionary<String, String>, within budget: InputBudget,
    at position: SourcePosition?, lookUp: @escaping (String) -> String?
  ) throws(DiagnosticError) -> OrderedDictionary<String, String> {
    let start = SourcePosition(file: shown, line: 1, column: 1)
    // A file of few bytes can expand to megabytes, for each service that names it.
    try budget.take(0, .text, at: position ?? start)
    var size = 0
    let read: OrderedDictionary<String, String>
    do throws(EnvFile.Fault) {
      read =
        isRaw
        ? try RawEnvFile.read(bytes, after: variables, size: &size, lookUp: lookUp)
        : try EnvFile.read(bytes, after: variables, size: &size, lookUp: lookUp)
    } catch {
      throw DiagnosticError(
        error.message, at: SourcePosition(file: shown, line: error.line, column: 1))
    }
    try budget.take(size, .text, at: position ?? start)
    return read
  }
}
