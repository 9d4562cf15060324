/// Makes the paths of a project's files absolute, and keeps them inside the project where asked to.
struct PathResolver {
  /// The project's folder and its files.
  let sources: SourceFiles
  /// True to refuse a relative path that leaves the project's folder.
  let confine: Bool
  /// What `~` stands for; nil leaves it as it is.
  let home: String?

  /// An absolute path; throws for a relative one that leaves the project where that is refused.
  func absolute(_ path: String, at position: SourcePosition) throws(ComposeError) -> String {
    if path.hasPrefix("~"), let home { return Path.clean(home + "/" + path.dropFirst()) }
    if path.hasPrefix("/") { return path }
    let resolved = Path.join(sources.directory, path)
    try check(resolved, written: path, at: position)
    return resolved
  }

  /// A build's context: a path, or a URL that stays as it is.
  func context(_ text: String, at position: SourcePosition) throws(ComposeError) -> String {
    isRemote(text) ? text : try absolute(text, at: position)
  }

  /// Throws where a Dockerfile's relative path leaves the project.
  func check(
    dockerfile: String, in context: String, at position: SourcePosition
  ) throws(ComposeError) {
    guard !dockerfile.hasPrefix("/"), !isRemote(context),
      Path.isInside(context, sources.directory)
    else { return }
    try check(Path.join(context, dockerfile), written: dockerfile, at: position)
  }

  private func isRemote(_ context: String) -> Bool {
    if context.contains("://") { return true }
    return ["github.com/", "git@"].contains { context.hasPrefix($0) }
  }

  private func check(
    _ path: String, written: String, at position: SourcePosition
  ) throws(ComposeError) {
    guard confine, !Path.isInside(path, sources.directory) else { return }
    throw ComposeError(
      "`\(written)` leaves the project's folder \(sources.directory)", at: position)
  }
}
