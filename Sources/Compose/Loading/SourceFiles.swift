/// Which files make up a project, and where it lives (Compose specification, "The Compose file").
struct SourceFiles {
  /// The files, as the user gave them or as they were found.
  let files: [String]
  /// The project's folder, absolute.
  let directory: String
  /// The project's folder as messages show it.
  let shownDirectory: String
  /// The folder of the first file, where `.env` is looked for, as messages show it.
  let firstFolder: String

  private static let names = [
    "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml",
  ]

  /// Finds the files; throws where there are none.
  init(_ options: LoadOptions) throws(ComposeError) {
    let start = options.projectDirectory ?? "."
    files = options.files.isEmpty ? try Self.discover(in: start) : options.files
    firstFolder = files[0] == "-" ? start : Path.folder(of: files[0])
    shownDirectory = options.projectDirectory ?? firstFolder
    directory = Path.join(Path.current, shownDirectory)
  }

  /// A path of the project as messages show it.
  func shown(_ path: String) -> String {
    path.hasPrefix("/") || shownDirectory == "." ? path : Path.join(shownDirectory, path)
  }

  private static func discover(in folder: String) throws(ComposeError) -> [String] {
    func path(_ name: String) -> String { folder == "." ? name : folder + "/" + name }
    for name in names where Path.exists(path(name)) {
      let dot = name.lastIndex(of: ".") ?? name.endIndex
      let stem = name[..<dot]
      let overrides = [stem + ".override.yaml", stem + ".override.yml"].map { path(String($0)) }
      return [path(name)] + overrides.filter(Path.exists).prefix(1)
    }
    throw ComposeError(
      "no Compose file in \(Path.join(Path.current, folder)): looked for \(names.joined(separator: ", "))"
    )
  }
}

/// One document of a Compose file.
struct SourceDocument {
  /// Its tree, as it stands in the file.
  let tree: YAMLNode
  /// True for the format of Compose 1.
  let isLegacy: Bool
  /// False if the file holds no dollar sign.
  let mayInterpolate: Bool

  /// Reads the documents of a file.
  static func read(
    _ file: String, confinedTo sources: SourceFiles, _ options: LoadOptions
  ) throws(ComposeError) -> [SourceDocument] {
    if options.confine, options.projectDirectory != nil, file != "-",
      !Path.isInside(file, sources.directory)
    {
      throw ComposeError("\(file): the file is outside the project's folder \(sources.directory)")
    }
    let bytes: [UInt8]
    do throws(Path.ReadFailure) {
      bytes = try Path.read(file, limit: YAMLParser.Limit.bytes)
    } catch {
      throw ComposeError("\(file): the file can't be read: \(error.reason)")
    }
    let trees = try YAMLParser.documents(in: bytes, file: file)
    let mayInterpolate = bytes.contains(UInt8(ascii: "$"))
    return trees.map {
      SourceDocument(
        tree: $0, isLegacy: LegacyFormat.isUsed(by: $0), mayInterpolate: mayInterpolate)
    }
  }
}
