import YAML
import Linux

/// The directory that a project's relative paths must not leave.
struct PathBound {
  /// The directory, absolute.
  let directory: String
  /// The name of the directory in messages.
  let title: String
  /// How to set another bound; empty if the user can't set one.
  let advice: String
  /// False if only links of files that are read must stay inside the bound.
  let refusesPaths: Bool

  /// The bound that the options set for a project directory.
  init(_ options: LoadOptions, directory project: String) {
    refusesPaths = options.confine
    switch options.bound {
    case .sandbox(let path):
      (directory, title, advice) = (Path.join(Path.current, path), "the sandbox", "")
    case .repository:
      (directory, title, advice) = (Self.repository(of: project), "the root directory", "")
    case .project:
      (directory, title, advice) = (project, "the project's directory", "")
    case .root(let given):
      directory = given.map { Path.join(Path.current, $0) } ?? Self.repository(of: project)
      (title, advice) = ("the root directory", "; --root names another one")
    }
  }

  /// The top directory of the git repository that contains the directory, else the directory
  /// itself.
  static func repository(of directory: String) -> String {
    var location = directory
    while !Path.exists(Path.join(location, ".git")) {
      guard location != "/" else { return directory }
      location = Path.directory(of: location)
    }
    return location
  }

  /// Checks that a path is inside the bound, as far as the options require it.
  ///
  /// - Parameters:
  ///   - path: The absolute path.
  ///   - written: The path as the user wrote it.
  ///   - position: The position of the path in the file.
  /// - Throws: `DiagnosticError` if the path leaves the bound and that is refused.
  func check(
    _ path: String, written: String, at position: SourcePosition? = nil
  ) throws(DiagnosticError) {
    if Path.isInside(path, directory) { return }
    if isInsideByName(path) {
      throw DiagnosticError(
        "`\(written)` is, or is below, a symbolic link that leaves \(title) \(directory)\(advice)",
        at: position)
    }
    guard refusesPaths else { return }
    throw DiagnosticError("`\(written)` leaves \(title) \(directory)\(advice)", at: position)
  }

  /// True if the path is inside the bound before links are resolved.
  private func isInsideByName(_ path: String) -> Bool {
    let clean = Path.clean(path)
    return [directory, RealPath.of(directory)].contains { root in
      RealPath.isPath(clean, atOrBelow: root)
    }
  }
}
