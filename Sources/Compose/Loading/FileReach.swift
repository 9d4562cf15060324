import Linux
import Synchronization
import YAML

/// Which of the host's files are read for a project.
struct FileReach: Sendable {
  /// The real paths of the directories that files may be in; nil for all files.
  private let roots: [String]?
  /// What has been read already.
  private let contents: FileContents?

  /// All files, but for those that were read already.
  static func everything(_ contents: FileContents?) -> FileReach {
    FileReach(roots: nil, contents: contents)
  }

  private init(roots: [String]?, contents: FileContents?) {
    self.roots = roots
    self.contents = contents
  }

  /// The files that the options let a project read: all, or those of its bound and of the directories which they list.
  init(_ options: LoadOptions) {
    guard let listed = options.readableDirectories else {
      self.init(roots: nil, contents: options.contents)
      return
    }
    let first = options.projectDirectory ?? SourceFiles.folder(of: options.files) ?? "."
    let bound = PathBound(options, directory: Path.join(Path.current, first))
    // What was read without a bound is not for a project that has one.
    self.init(roots: ([bound.directory] + listed).map(RealPath.of), contents: nil)
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
    if position == nil { error.file = path }
    let real = RealPath.of(Path.join(Path.current, path))
    if failure.isOutside, !HostDirectory.contains(real) {
      error.remedy = .init(setting: Permission.bindMounts.rawValue, value: real)
    }
    return error
  }

  /// A file's bytes, `-` for standard input; at most `limit` and one more.
  ///
  /// - Throws: ``Path/ReadFailure``, also for a file that is elsewhere: that is asked of the file which was opened, so that
  ///   nobody can put another in its place.
  func read(_ path: String, limit: Int) throws(Path.ReadFailure) -> [UInt8] {
    if let known = contents?.bytes(of: path) { return known }
    let bytes: [UInt8]
    if let roots, path != "-" {
      bytes = try Path.read(path, limit: limit, within: roots)
    } else {
      bytes = try Path.read(path, limit: limit)
    }
    contents?.add(bytes, of: path)
    return bytes
  }
}

/// What was read of files, for loads that follow: a pipe can be read once.
public final class FileContents: Sendable {
  private let files = Mutex<[String: [UInt8]]>([:])

  /// Nothing so far.
  public init() {}

  /// A file's bytes; nil where it wasn't read.
  func bytes(of path: String) -> [UInt8]? { files.withLock { $0[path] } }

  /// Adds a file.
  func add(_ bytes: [UInt8], of path: String) { files.withLock { $0[path] = bytes } }
}
