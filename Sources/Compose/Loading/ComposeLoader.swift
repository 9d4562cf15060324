import OrderedCollections

/// Reads Compose files into a project (Compose specification, "The Compose application model").
public enum ComposeLoader {
  /// Loads, interpolates, merges and checks the files.
  ///
  /// - Parameter options: which files, and with which variables.
  /// - Returns: the project.
  /// - Throws: a `ComposeError` with file, line and column for the first thing that is wrong: a file
  ///   that can't be read or isn't YAML, an unknown key, a value of the wrong type, a variable that must
  ///   be set, a reference to what isn't there, a dependency cycle, a path that leaves the project.
  public static func load(_ options: LoadOptions) throws(ComposeError) -> Project {
    var environment = InterpolationEnvironment(options)
    let sources = try sources(options, &environment)
    let documents = try documents(of: sources, options)
    let naming = try ProjectName(
      options, documents.map(\.document), environment: &environment, sources: sources)
    environment.set("COMPOSE_PROJECT_NAME", to: naming.name)

    let paths = PathResolver(
      directory: sources.directory, confinedTo: options.confine ? sources.directory : nil,
      home: environment["HOME"])
    var loader = TreeLoader(environment: environment, paths: paths)
    guard var tree = try loader.tree(of: documents), tree.mapping?.isEmpty == false else {
      throw ComposeError(
        "the file is empty", at: SourcePosition(file: sources.files[0], line: 1, column: 1))
    }
    let isLegacy = documents.contains(where: \.document.isLegacy)
    if isLegacy { LegacyFormat.resolveNames(&tree) }

    let normalizer = Normalizer(sources: sources, environment: loader.environment)
    try normalizer.normalize(&tree)
    let disabled = Profiles(options, environment: loader.environment).disable(in: &tree)
    try Consistency(tree, disabled: disabled).check()
    try normalizer.resolveFiles(&tree)

    var project = ProjectReader(
      tree: tree, naming: naming, directory: sources.directory, files: sources.files,
      isLegacy: isLegacy, environment: loader.environment
    ).project()
    project.canonical = Normalizer.finished(tree, name: naming.name)
    project.warnings = loader.environment.warnings + loader.canonicalizer.warnings
    return project
  }

  /// The files, and their `.env` added to the variables.
  private static func sources(
    _ options: LoadOptions, _ environment: inout InterpolationEnvironment
  ) throws(ComposeError) -> SourceFiles {
    if let given = EnvironmentFile.given(by: options, environment: environment) {
      try environment.add(files: given)
      let sources = try SourceFiles(options, environment: environment)
      if options.confine {
        for file in given where !Path.isInside(file.path, sources.directory) {
          throw ComposeError(
            "\(file.shown): the file is outside the project's folder \(sources.directory)")
        }
      }
      return sources
    }
    let first = options.projectDirectory ?? SourceFiles.folder(of: options.files) ?? "."
    try environment.add(files: EnvironmentFile.usual(in: first, environment: environment))
    _ = try EnvironmentFile.usual(in: first, environment: environment)
    let sources = try SourceFiles(options, environment: environment)
    if sources.directory != Path.join(Path.current, first) {
      try environment.add(
        files: EnvironmentFile.usual(in: sources.shownDirectory, environment: environment))
    }
    return sources
  }

  private static func documents(
    of sources: SourceFiles, _ options: LoadOptions
  ) throws(ComposeError) -> [(file: String, document: SourceDocument)] {
    var documents: [(file: String, document: SourceDocument)] = []
    for file in sources.files {
      if options.confine, options.projectDirectory != nil, file != "-",
        !Path.isInside(file, sources.directory)
      {
        throw ComposeError("\(file): the file is outside the project's folder \(sources.directory)")
      }
      documents += try SourceDocument.read(file).map { (file, $0) }
    }
    return documents
  }
}
