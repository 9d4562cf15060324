import OrderedCollections

/// Reads Compose files into a project (Compose specification, "The Compose application model").
public enum ComposeLoader {
  /// Loads, interpolates, merges and checks the files.
  ///
  /// Throws a `ComposeError` with file, line and column for the first thing that is wrong: a file
  /// that can't be read or isn't YAML, an unknown key, a value of the wrong type, a variable that must
  /// be set, a reference to what isn't there, a dependency cycle, a path that leaves the project.
  public static func load(_ options: LoadOptions) throws(ComposeError) -> Project {
    let sources = try SourceFiles(options)
    var environment = try InterpolationEnvironment(options, sources: sources)
    var documents: [SourceDocument] = []
    for file in sources.files {
      documents += try SourceDocument.read(file, confinedTo: sources, options)
    }
    guard !documents.isEmpty else {
      throw ComposeError(
        "the file is empty", at: SourcePosition(file: sources.files[0], line: 1, column: 1))
    }

    let naming = try ProjectName(options, documents, environment: &environment, sources: sources)
    environment.set("COMPOSE_PROJECT_NAME", to: naming.name)

    var canonicalizer = Canonicalizer()
    var merged: YAMLNode?
    for document in documents {
      var tree = document.tree
      if document.mayInterpolate { try environment.interpolate(&tree) }
      if document.isLegacy { tree = try LegacyFormat.modern(tree) }
      tree = Merge.unique(try canonicalizer.read(file: tree), in: TopLevelKeys.table)
      if let version = tree.mapping?["version"] {
        canonicalizer.warn(
          "`version` is obsolete and has no effect; remove it", at: version.keyPosition)
        tree.remove("version")
      }
      merged =
        try merged.map { (earlier) throws(ComposeError) in
          try Merge.merge(earlier, with: tree)
        } ?? tree
    }
    var tree = merged ?? YAMLNode(mappingAt: documents[0].tree.position)

    let isLegacy = documents.contains(where: \.isLegacy)
    if isLegacy { LegacyFormat.resolveNames(&tree) }
    var normalizer = Normalizer(
      paths: PathResolver(sources: sources, confine: options.confine, home: environment["HOME"]),
      environment: environment)
    try normalizer.normalize(&tree)

    var project = try ProjectReader(
      tree: tree, naming: naming, directory: sources.directory, files: sources.files,
      isLegacy: isLegacy
    ).project()
    try Consistency(project).check()
    project.canonical = Normalizer.finished(tree, name: naming.name)
    project.warnings = environment.warnings + canonicalizer.warnings
    return project
  }
}
