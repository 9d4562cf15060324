import OrderedCollections
import YAML

/// Reads Compose files into a project (Compose specification, "The Compose application model").
package enum ComposeLoader {
  /// Loads, interpolates, merges and validates the files.
  ///
  /// - Parameter options: The files and variables.
  /// - Returns: The project.
  /// - Throws: A `DiagnosticError` with file, line and column for the first error: a file that
  ///   can't be read or isn't YAML, an unknown key, a value of the wrong type, a required variable
  ///   that isn't set, a reference to a missing object, a dependency cycle, or a path that leaves
  ///   the project.
  package static func load(_ options: LoadOptions) throws(DiagnosticError) -> Project {
    var environment = InterpolationEnvironment(options)
    do throws(DiagnosticError) {
      return try load(options, &environment)
    } catch {
      var error = environment.findings.unset.explaining(error)
      error.warnings = environment.findings.warnings
      throw error
    }
  }

  /// Loads the project. With a collector, loading continues after an error as far as possible, and
  /// only an error that prevents all further checks is thrown.
  static func load(
    _ options: LoadOptions, _ environment: inout InterpolationEnvironment,
    collecting faults: FaultCollector? = nil
  ) throws(DiagnosticError) -> Project {
    let (sources, bound) = try sources(options, &environment)
    let documents = try documents(of: sources, options, bound, environment)
    let naming = try ProjectName(
      options, documents.map(\.document), environment: environment, sources: sources)
    environment.set("COMPOSE_PROJECT_NAME", to: naming.name)
    if let podName = options.podName { try environment.set(podName: podName(naming.name)) }

    let paths = PathResolver(
      directory: sources.directory, bound: bound, home: environment["HOME"])
    var loader = TreeLoader(environment: environment, paths: paths)
    loader.canonicalizer.faults = faults
    guard var tree = try loader.tree(of: documents), tree.mapping?.isEmpty == false else {
      throw Self.empty(documents.map(\.document), sources.files[0])
    }
    let isLegacy = documents.contains(where: \.document.isLegacy)
    if isLegacy { LegacyFormat.resolveNames(&tree) }

    let normalizer = Normalizer(
      sources: sources, environment: loader.environment, isComplete: options.normalizes)
    try normalizer.normalize(&tree)
    var profiles = Profiles(options, environment: loader.environment)
    let disabled = profiles.disable(in: &tree)
    do throws(DiagnosticError) {
      try InputLimits.checkContainers(of: tree)
    } catch {
      try faults.report(error)
    }
    try ProjectValidator(tree, disabled: Set(disabled.map(\.name)), collecting: faults).check()
    try normalizer.resolveFiles(&tree, environmentOf: options.environmentOf, collecting: faults)

    // The project would have wrong values, and reading them takes time.
    if let error = faults?.faults.first { throw error }

    var project = ProjectReader(
      tree: tree, naming: naming, directory: sources.directory, files: sources.files,
      isLegacy: isLegacy, environment: loader.environment
    ).project()
    project.canonical = Normalizer.finished(
      tree, name: naming.name, isComplete: options.normalizes)
    project.servicesPosition = tree.mapping?["services"]?.keyPosition ?? tree.position
    project.disabledServices = disabled
    project.environment = loader.environment.all
    let findings = environment.findings
    project.warnings = findings.warnings + loader.canonicalizer.warnings + profiles.warnings
    project.unset = findings.unset
    project.faults = project.faults.map { findings.unset.explaining($0) }
    return project
  }

  private static func empty(_ documents: [SourceDocument], _ file: String) -> DiagnosticError {
    let include = documents.lazy.compactMap { $0.tree.mapping?["include"] }.first
    return DiagnosticError(
      include == nil ? "the file is empty" : "the included files are empty",
      at: include?.keyPosition ?? SourcePosition(file: file, line: 1, column: 1))
  }

  /// Reads and merges the files without interpolation and without validation of values.
  ///
  /// - Parameter options: The files.
  /// - Returns: The merged files.
  /// - Throws: A `DiagnosticError` for a file that can't be read, isn't YAML, or is in the format
  ///   of Compose 1.
  package static func model(_ options: LoadOptions) throws(DiagnosticError) -> ComposeModel {
    var environment = InterpolationEnvironment(options)
    let (sources, bound) = try sources(options, &environment)
    let documents = try documents(of: sources, options, bound, environment)
    if let legacy = documents.first(where: \.document.isLegacy) {
      throw DiagnosticError(
        "a file without `services:` can't be printed without interpolation; put the services under `services:`",
        at: legacy.document.tree.position)
    }
    let naming = try ProjectName(
      options, documents.map(\.document), environment: environment, sources: sources,
      interpolating: false)
    environment.set("COMPOSE_PROJECT_NAME", to: naming.name)
    let paths = PathResolver(
      directory: sources.directory, bound: bound, home: environment["HOME"])
    var loader = TreeLoader(environment: environment, paths: paths)
    loader.canonicalizer.isRaw = true
    // The errors are dropped: a value that contains a variable may fail a check and stays as it is.
    loader.canonicalizer.faults = FaultCollector()
    guard var tree = try loader.tree(of: documents), tree.mapping?.isEmpty == false else {
      throw Self.empty(documents.map(\.document), sources.files[0])
    }
    if options.normalizes {
      Normalizer(sources: sources, environment: loader.environment)
        .complete(raw: &tree, name: naming.name)
    }
    return ComposeModel(tree, warnings: loader.canonicalizer.warnings)
  }

  /// Finds the files and the bound of their paths, and adds the variables of their `.env`.
  private static func sources(
    _ options: LoadOptions, _ environment: inout InterpolationEnvironment
  ) throws(DiagnosticError) -> (SourceFiles, PathBound) {
    if let given = EnvironmentFile.given(by: options, environment: environment) {
      // These variables may set COMPOSE_FILE; the directory of those files bounds the env files.
      var variables = environment
      try variables.add(files: given)
      let sources = try SourceFiles(options, environment: variables)
      let bound = PathBound(options, directory: sources.directory)
      for file in given { try bound.check(file.path, written: file.shown) }
      environment = variables
      return (sources, bound)
    }
    let first = options.projectDirectory ?? SourceFiles.directory(of: options.files) ?? "."
    try addUsual(in: first, of: Path.join(Path.current, first), options, &environment)
    let sources = try SourceFiles(options, environment: environment)
    if sources.directory != Path.join(Path.current, first) {
      try addUsual(in: sources.shownDirectory, of: sources.directory, options, &environment)
    }
    return (sources, PathBound(options, directory: sources.directory))
  }

  /// Adds the variables of a directory's `.env`.
  private static func addUsual(
    in shown: String, of directory: String, _ options: LoadOptions,
    _ environment: inout InterpolationEnvironment
  ) throws(DiagnosticError) {
    let files = try EnvironmentFile.usual(in: shown, environment: environment)
    let bound = PathBound(options, directory: directory)
    for file in files {
      try bound.check(Path.join(Path.current, file.path), written: file.shown)
    }
    try environment.add(files: files)
  }

  private static func documents(
    of sources: SourceFiles, _ options: LoadOptions, _ bound: PathBound,
    _ environment: InterpolationEnvironment
  ) throws(DiagnosticError) -> [(file: String, document: SourceDocument)] {
    var documents: [(file: String, document: SourceDocument)] = []
    // The caller may name files anywhere. Files that only a `.env` names must be within reach.
    let callers = [options.environment, options.fallbackEnvironment]
    let isCallers = !options.files.isEmpty || callers.contains { $0["COMPOSE_FILE"] != nil }
    let reach = isCallers ? FileReach.everything(options.contents) : environment.reach
    for file in sources.files {
      // Without a project directory the named files define it; with one they must be inside the
      // bound.
      if options.projectDirectory != nil, options.confine, file != "-" {
        try bound.check(Path.join(Path.current, file), written: file)
      }
      let read = try SourceDocument.read(file, within: reach, environment.budget)
      documents += read.map { (file, $0) }
    }
    return documents
  }
}
