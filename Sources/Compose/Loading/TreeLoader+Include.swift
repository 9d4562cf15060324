import OrderedCollections
import YAML

/// `include:` (Compose specification, "Include").
extension TreeLoader {
  /// The maximum number of included files in total: a file included twice doubles the work at each
  /// level.
  private static let mostIncluded = 1000
  private static let kinds = [
    "services", "jobs", "volumes", "networks", "secrets", "configs", "models",
  ]

  /// Merges the included files into a tree and removes `include:` from it.
  mutating func include(
    in tree: inout YAMLNode, of file: String, _ directives: MergeDirectives
  ) throws(DiagnosticError) {
    guard let includes = tree["include"] else { return }
    tree.remove("include")
    if includes.isNull { return }
    guard case .expanding(_, let shape)? = TopLevelKeys.table["include"]?.shape else { return }
    let entries = try canonicalizer.read(includes, as: shape, name: "include")
    for entry in entries.sequence ?? [] {
      guard let included = try load(entry, from: file) else { continue }
      for kind in Self.kinds { try take(kind, of: included, into: &tree, directives) }
      try InputLimits.checkServices(of: tree)
    }
  }

  private mutating func load(
    _ entry: YAMLNode, from file: String
  ) throws(DiagnosticError) -> YAMLNode? {
    let names = entry["path"]?.sequence ?? []
    guard let first = names.first, let firstName = first.string else {
      _ = try environment(of: entry, in: paths.directory)
      return nil
    }
    included += 1
    guard including.count < YAMLParser.Limit.depth, included <= Self.mostIncluded else {
      throw DiagnosticError(
        "more than \(Self.mostIncluded) files are included, or `include` is nested deeper than \(YAMLParser.Limit.depth) levels",
        at: entry.position)
    }
    var files: [(path: String, node: YAMLNode)] = []
    for node in names {
      guard let name = node.string else { continue }
      try Self.refuseRemote(name, at: node.position)
      files.append((Path.join(paths.directory, name), node))
      try paths.check(files[files.count - 1].path, written: name, at: node.position)
    }
    let chain = including + [Path.join(Path.current, file)]
    guard !chain.contains(files[0].path) else {
      throw DiagnosticError(
        "`\(firstName)` includes itself, directly or through other files", at: first.position)
    }
    var directory = Path.directory(of: files[0].path)
    if let written = entry["project_directory"]?.string, !written.isEmpty {
      directory = Path.join(paths.directory, written)
      // A path that isn't a directory is treated as a file, as Docker Compose does.
      if !written.hasPrefix("/"), !Path.isDirectory(directory) {
        directory = Path.directory(of: directory)
      }
    }
    try paths.check(directory, written: directory, at: entry.position)

    var inner = TreeLoader(
      environment: try environment(of: entry, in: directory), paths: paths.at(directory),
      including: chain)
    var documents: [(file: String, document: SourceDocument)] = []
    for (path, node) in files {
      documents += try SourceDocument.read(
        path, within: environment.reach, environment.budget, at: node.position
      ).map { (path, $0) }
    }
    inner.included = included
    inner.copied = copied
    inner.canonicalizer.faults = canonicalizer.faults
    inner.canonicalizer.isRaw = canonicalizer.isRaw
    let tree = try inner.tree(of: documents)
    included = inner.included
    copied = inner.copied
    canonicalizer.add(warningsOf: inner.canonicalizer)
    return tree
  }

  /// The variables for included files: those of the including file, then those of the entry's own
  /// env files.
  private func environment(
    of entry: YAMLNode, in directory: String
  ) throws(DiagnosticError) -> InterpolationEnvironment {
    var inner = environment
    guard let named = entry["env_file"]?.sequence, !named.isEmpty else {
      let path = directory + "/.env"
      if Path.isDirectory(path) { return inner }
      try paths.check(path, written: path, at: entry.position)
      try inner.add(files: [EnvironmentFile(path: path, shown: path, isRequired: false)])
      return inner
    }
    var files: [EnvironmentFile] = []
    for node in named {
      guard let name = node.string, name != "/dev/null" else { continue }
      let path = Path.join(paths.directory, name)
      guard !Path.isDirectory(path) else {
        throw DiagnosticError(
          "`\(name)` is a directory, not a file of variables", at: node.position)
      }
      try paths.check(path, written: name, at: node.position)
      files.append(EnvironmentFile(path: path, shown: name, isRequired: true))
    }
    try inner.add(files: files, at: named.first?.position)
    return inner
  }

  private func take(
    _ kind: String, of included: YAMLNode, into tree: inout YAMLNode,
    _ directives: MergeDirectives
  ) throws(DiagnosticError) {
    guard let resources = included[kind]?.mapping else { return }
    var own = tree[kind] ?? YAMLNode(mappingAt: included.position(ofKey: kind))
    if own.isNull {
      guard resources.isEmpty else {
        throw DiagnosticError(
          "`\(kind)` can't be empty if an included file has \(kind); remove the line",
          at: tree.position(ofKey: kind))
      }
      own = YAMLNode(mappingAt: own.position)
    }
    for (name, entry) in resources {
      guard let ours = own.mapping?[name] else {
        own.set(name, entry.value, at: entry.keyPosition)
        continue
      }
      if entry.value.isTextuallyEqual(to: ours.value) { continue }
      var theirs = entry.value
      directives.apply(toResource: &theirs, named: name, of: kind)
      let merged = try Merge.resource(theirs, with: ours.value, kind: kind)
      own.set(name, merged, at: ours.keyPosition)
    }
    tree.set(kind, own, at: tree.mapping?[kind]?.keyPosition ?? included.position(ofKey: kind))
  }

  /// Throws for a file that isn't on this host.
  static func refuseRemote(_ name: String, at position: SourcePosition) throws(DiagnosticError) {
    let isRemote =
      name.contains("://") || ["github.com/", "git@", "oci:"].contains(where: name.hasPrefix)
    guard isRemote else { return }
    throw DiagnosticError(
      "`\(name)` is a remote file, which is never downloaded; copy it to this host",
      at: position)
  }
}
