import YAML

/// A project's name (Compose specification, "Name top-level element").
struct ProjectName {
  let name: String
  /// False if the name is derived from the directory.
  let isExplicit: Bool

  /// Uses the caller's name, else `COMPOSE_PROJECT_NAME`, else the last file's `name:`, else the
  /// name of the directory.
  init(
    _ options: LoadOptions, _ documents: [SourceDocument],
    environment: InterpolationEnvironment, sources: SourceFiles, interpolating: Bool = true
  ) throws(DiagnosticError) {
    let variable = environment["COMPOSE_PROJECT_NAME"].flatMap { $0.isEmpty ? nil : $0 }
    if let given = options.projectName ?? variable {
      guard !given.isEmpty, Self.normalized(given) == given else {
        throw DiagnosticError(
          "`\(given)` is not a project name: use lower case letters, digits, `_` and `-`, and begin with a letter or a digit"
        )
      }
      (name, isExplicit) = (given, true)
      return
    }
    var written = documents.last { !$0.isLegacy && $0.tree["name"]?.string?.isEmpty == false }?
      .tree["name"]
    if var node = written {
      if interpolating { try environment.interpolate(&node) }
      written = node
      guard node.string.map(Self.normalized) != "" else {
        throw DiagnosticError(
          "`name` has no letter a-z and no digit, which a project's name requires",
          at: node.position)
      }
    }
    if let text = written?.string.map(options.normalizes ? Self.normalized : { $0 }), !text.isEmpty
    {
      (name, isExplicit) = (text, true)
      return
    }
    name = Self.normalized(Path.name(of: sources.directory))
    isExplicit = false
    guard !name.isEmpty else {
      throw DiagnosticError(
        "the project's name can't be derived from the directory \(sources.directory): set `name:` in the file"
      )
    }
  }

  /// The text in lower case, without the characters that a project name can't contain.
  static func normalized(_ text: String) -> String {
    let kept = text.lowercased().unicodeScalars.filter { scalar in
      switch scalar {
      case "a"..."z", "0"..."9", "_", "-": true
      default: false
      }
    }
    return String(String.UnicodeScalarView(kept.drop { $0 == "_" || $0 == "-" }))
  }
}
