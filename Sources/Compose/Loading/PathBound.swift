import YAML
import Linux

/// The directory that a project's relative paths must not leave.
struct PathBound {
  /// The directory, absolute.
  let directory: String
  /// What a message calls it.
  let title: String
  /// How to have another one; empty where that is not the user's to choose.
  let advice: String
  /// False where only links to files that are read must stay in it.
  let refusesPaths: Bool

  /// The bound that the options set for a project in a directory.
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

  /// The top directory of the git repository that holds a directory, else the directory.
  static func repository(of directory: String) -> String {
    var place = directory
    while !Path.exists(Path.join(place, ".git")) {
      guard place != "/" else { return directory }
      place = Path.folder(of: place)
    }
    return place
  }

  /// Throws where a path leaves the directory and that is refused.
  ///
  /// - Parameters:
  ///   - path: the path, absolute.
  ///   - written: the path as the user wrote it.
  ///   - position: where.
  /// - Throws: `ComposeError`.
  func check(
    _ path: String, written: String, at position: SourcePosition? = nil
  ) throws(ComposeError) {
    if Path.isInside(path, directory) { return }
    if isInsideByName(path) {
      throw ComposeError(
        "`\(written)` is, or lies behind, a link that leaves \(title) \(directory)\(advice)",
        at: position)
    }
    guard refusesPaths else { return }
    throw ComposeError("`\(written)` leaves \(title) \(directory)\(advice)", at: position)
  }

  /// True for a path that only a link leads out.
  private func isInsideByName(_ path: String) -> Bool {
    let clean = Path.clean(path)
    return [directory, RealPath.of(directory)].contains { root in
      RealPath.isPath(clean, atOrBelow: root)
    }
  }
}
