import Linux
import YAML

/// Which of the host's files are read for a project.
struct FileReach: Sendable {
  /// The real paths of the directories that files may be in; nil for all files.
  private let roots: [String]?

  /// All files.
  static let everything = FileReach(roots: nil)

  private init(roots: [String]?) { self.roots = roots }

  /// The files that the options let a project read: all, or those of its bound and of the directories which they list.
  init(_ options: LoadOptions) {
    guard let listed = options.readableDirectories else {
      self.init(roots: nil)
      return
    }
    let first = options.projectDirectory ?? SourceFiles.folder(of: options.files) ?? "."
    let bound = PathBound(options, directory: Path.join(Path.current, first))
    self.init(roots: ([bound.directory] + listed).map(RealPath.of))
  }

  /// The error for a file that can't be read.
  ///
  /// - Parameters:
  ///   - subject: what the error calls it.
  ///   - path: its path.
  ///   - failure: why.
  ///   - position: where it is named.
  /// - Returns: the error.
  func error(
    _ subject: String, _ path: String, _ failure: Path.ReadFailure, at position: SourcePosition?
  ) -> ComposeError {
    var error = ComposeError("\(subject) can't be read: \(failure.reason)", at: position)
    if failure.isOutside {
      error.remedy = .init(
        setting: Permission.bindMounts.rawValue, value: RealPath.of(Path.join(Path.current, path)))
    }
    return error
  }

  /// A file's bytes, `-` for standard input; at most `limit` and one more.
  ///
  /// - Throws: ``Path/ReadFailure``, also for a file that is elsewhere: that is asked of the file which was opened, so that
  ///   nobody can put another in its place.
  func read(_ path: String, limit: Int) throws(Path.ReadFailure) -> [UInt8] {
    guard let roots, path != "-" else { return try Path.read(path, limit: limit) }
    return try Path.read(path, limit: limit, within: roots)
  }
}
