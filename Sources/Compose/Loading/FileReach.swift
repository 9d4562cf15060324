import Linux
import Synchronization
import YAML

/// The host files that may be read for a project.
struct FileReach: Sendable {
  /// The real paths of the directories whose files may be read; nil for all files.
  private let roots: [String]?
  /// File contents that were already read.
  private let contents: FileContents?

  /// Allows all files; files that were already read come from `contents`.
  static func everything(_ contents: FileContents?) -> FileReach {
    FileReach(roots: nil, contents: contents)
  }

  private init(roots: [String]?, contents: FileContents?) {
    self.roots = roots
    self.contents = contents
  }

  /// The files that the options allow: all files, or only files in the bound and in the listed
  /// directories.
  init(_ options: LoadOptions) {
    guard let listed = options.readableDirectories else {
      self.init(roots: nil, contents: options.contents)
      return
    }
    let first = options.projectDirectory ?? SourceFiles.directory(of: options.files) ?? "."
    let bound = PathBound(options, directory: Path.join(Path.current, first))
    // Files that were read without a bound are not reused for a project with one.
    self.init(roots: ([bound.directory] + listed).map(RealPath.of), contents: nil)
  }

  /// The error for a file that can't be read.
  ///
  /// - Parameters:
  ///   - subject: The name of the file in the message.
  ///   - path: The path of the file.
  ///   - failure: The cause.
  ///   - position: The position of the reference to the file.
  /// - Returns: The error, with a remedy if a setting can allow the file.
  func error(
    _ subject: String, _ path: String, _ failure: Path.ReadFailure, at position: SourcePosition?
  ) -> DiagnosticError {
    var error = DiagnosticError("\(subject) can't be read: \(failure.reason)", at: position)
    if position == nil { error.file = path }
    let real = RealPath.of(Path.join(Path.current, path))
    if failure.isOutside, !HostDirectory.contains(real) {
      error.remedy = .init(setting: Permission.bindMounts.rawValue, value: real)
    }
    return error
  }

  /// Reads a file, `-` for standard input: `limit` bytes and at most one more chunk, so that the
  /// caller can detect a longer file.
  ///
  /// - Throws: ``Path/ReadFailure``, also for a file outside the allowed directories. The opened
  ///   file is checked, so nobody can swap the file after the check.
  func read(_ path: String, limit: Int) throws(Path.ReadFailure) -> [UInt8] {
    if let known = contents?.result(of: path) { return try known.get() }
    do throws(Path.ReadFailure) {
      let bytes =
        if let roots, path != "-" {
          try Path.read(path, limit: limit, within: roots)
        } else {
          try Path.read(path, limit: limit)
        }
      contents?.add(.success(bytes), of: path)
      return bytes
    } catch {
      // A pipe without data isn't awaited again.
      if error.isSilent { contents?.add(.failure(error), of: path) }
      throw error
    }
  }
}

/// File contents kept for later loads: a pipe can be read only once.
package final class FileContents: Sendable {
  private let files = Mutex<[String: Result<[UInt8], Path.ReadFailure>]>([:])

  /// No contents.
  package init() {}

  /// The bytes of a file; nil if it hasn't been read.
  func bytes(of path: String) -> [UInt8]? { try? result(of: path)?.get() }

  /// The result of an earlier read of a file; nil if there was none.
  func result(of path: String) -> Result<[UInt8], Path.ReadFailure>? {
    files.withLock { $0[path] }
  }

  func add(_ result: Result<[UInt8], Path.ReadFailure>, of path: String) {
    files.withLock { $0[path] = result }
  }
}
