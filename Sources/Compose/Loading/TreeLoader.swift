import OrderedCollections
import YAML

/// Combines files into one canonical tree. Each document is interpolated, completed by `include`
/// and `extends`, merged over the documents before it, and validated (Compose specification, "Merge
/// and override").
struct TreeLoader {
  var environment: InterpolationEnvironment
  /// Validates the trees and converts their notation.
  var canonicalizer = Canonicalizer()
  /// Resolves relative paths.
  let paths: PathResolver
  /// The absolute paths of the files that lead here through `include:`.
  let including: [String]
  /// Files whose services are extended, by path.
  var extended: [String: ExtendedFile] = [:]
  /// Services of the current document and of other files, merged over all services that they
  /// extend.
  var resolved: [Step: YAMLNode] = [:]
  /// The number of files included so far.
  var included = 0
  /// The number of nodes that `extends` has copied so far.
  var copied = 0

  /// A loader for the files of a directory.
  init(environment: InterpolationEnvironment, paths: PathResolver, including: [String] = []) {
    self.environment = environment
    self.paths = paths
    self.including = including
    canonicalizer.budget = environment.budget
    if !including.isEmpty {
      let variables = environment
      canonicalizer.lookUp = { variables[$0] }
    }
  }

  /// Merges the documents of some files into one tree; nil without documents.
  mutating func tree(
    of documents: [(file: String, document: SourceDocument)]
  ) throws(DiagnosticError) -> YAMLNode? {
    var merged: YAMLNode?
    let documents = try convertingLegacy(documents)
    for (index, (file, document)) in documents.enumerated() {
      canonicalizer.isMerging = !including.isEmpty || index < documents.count - 1
      merged = try add(document, of: file, to: merged)
      if canonicalizer.isMerging { merged?.canonicalizeForms() }
    }
    guard var tree = merged else { return nil }
    try InputLimits.checkServices(of: tree)
    if !canonicalizer.isRaw {
      try MergedTreeValidator.check(tree, collecting: canonicalizer.faults)
    }
    do throws(DiagnosticError) {
      try paths.resolve(&tree)
    } catch {
      try canonicalizer.faults.report(error)
    }
    return tree
  }

  /// The documents; documents in the format of Compose 1 are converted into one in the modern
  /// format.
  private mutating func convertingLegacy(
    _ documents: [(file: String, document: SourceDocument)]
  ) throws(DiagnosticError) -> [(file: String, document: SourceDocument)] {
    guard let first = documents.first(where: \.document.isLegacy) else { return documents }
    guard including.isEmpty else {
      throw DiagnosticError(
        "a file without `services:` can't be included", at: first.document.tree.position)
    }
    var legacy = LegacyLoader(environment: environment, paths: paths)
    legacy.canonicalizer.faults = canonicalizer.faults
    let tree = try legacy.tree(of: documents)
    environment = legacy.environment
    canonicalizer.add(warningsOf: legacy.canonicalizer)
    let document = SourceDocument(
      tree: tree, directives: .none, isLegacy: true, mayInterpolate: false)
    return [(documents[0].file, document)]
  }

  private mutating func add(
    _ document: SourceDocument, of file: String, to earlier: YAMLNode?
  ) throws(DiagnosticError) -> YAMLNode {
    var tree = try interpolated(document)
    try paths.resolveLists(in: &tree)
    try include(in: &tree, of: file, document.directives)
    try extend(in: &tree, of: file, document.directives)
    tree = Merge.unique(tree, in: TopLevelKeys.table)
    if var merged = earlier {
      document.directives.apply(to: &merged)
      tree = try Merge.merge(merged, with: tree)
    }
    tree = try canonicalizer.read(file: tree)
    if let version = tree.mapping?["version"] {
      canonicalizer.warn(
        "`version` is obsolete and has no effect; remove it", at: version.keyPosition)
      tree.remove("version")
    }
    return tree
  }

  /// A document's tree after interpolation, with its short forms expanded.
  mutating func interpolated(_ document: SourceDocument) throws(DiagnosticError) -> YAMLNode {
    var tree = document.tree
    if document.mayInterpolate, !canonicalizer.isRaw {
      try environment.interpolate(&tree, collecting: canonicalizer.faults)
    }
    return try canonicalizer.expand(file: tree)
  }
}
