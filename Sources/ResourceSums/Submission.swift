import Compose
import YAML

/// The settings of a submission to a framework, other than the needed resources.
public struct Submission: Sendable {
  /// The default URL for ``filesAt``.
  public static let placeholder = "https://files.example.org"

  /// Marathon's app ID, or Aurora's `role/environment/name`; nil for an ID derived from the
  /// project's name.
  public var id: String?
  /// The number of pods.
  public var instances: Int64 = 1
  /// The URL below which agents find the release's tarball and the tarball of the project
  /// directory.
  public var filesAt = Submission.placeholder
  /// The URL of the release's tarball, or of a script that starts an installed executor; nil for
  /// this release's tarball.
  public var executorURI: String?
  /// The URLs of the Compose files; empty for a tarball of the project directory.
  public var uris: [String] = []
  /// Labels that are added to, and override, the generated ones.
  public var labels: [(name: String, value: String)] = []
  /// Variables for the executor.
  public var variables: [(name: String, value: String)] = []
  /// The user of the task; nil for the framework's default.
  public var user: String?
  /// Disk space; nil for the framework's default.
  public var disk: ByteSize?
  /// True to start a pod again after it has finished, if the framework supports both.
  public var isService = true
  /// The release of the executor.
  public var version: String

  /// A submission of one pod.
  ///
  /// - Parameter version: The release of the executor.
  public init(version: String) { self.version = version }

  /// The path in the sandbox of a file of the project directory.
  ///
  /// - Parameters:
  ///   - file: The path on this host.
  ///   - project: The project.
  /// - Returns: The path, which begins with the name of the project directory.
  /// - Throws: `ComposeError` for a file outside the project directory.
  public static func fetched(_ file: String, in project: Project) throws(ComposeError) -> String {
    let place = project.workingDirectory
    let path = Path.join(Path.current, file)
    guard path.hasPrefix(place + "/") else {
      throw ComposeError("\(file) is outside the project directory \(place), which agents fetch")
    }
    return Path.name(of: place) + String(path.dropFirst(place.utf8.count))
  }
}

/// A submission with the URLs and labels derived from a project.
struct FilledSubmission {
  var given: Submission
  var project: Project
  var sum: ResourceSum
  /// The name of the project directory.
  var folder: String
  /// The label `fileName`.
  var fileName: String

  /// Derives the missing settings from the project.
  ///
  /// - Throws: `ComposeError` for files that an agent can't fetch from their location.
  init(_ given: Submission, _ project: Project, _ sum: ResourceSum) throws(ComposeError) {
    self.given = given
    self.project = project
    self.sum = sum
    let place = project.workingDirectory
    folder = Path.name(of: place)
    guard !folder.isEmpty else { throw ComposeError("the project directory can't be /") }
    var names: [String] = []
    for file in project.files {
      guard file != "-" else {
        throw ComposeError("standard input can't be fetched by an agent: name the file with -f")
      }
      let path = Path.join(Path.current, file)
      let fetched = try Submission.fetched(file, in: project)
      if names.isEmpty, Path.folder(of: path) != place {
        throw ComposeError(
          "\(file) isn't in the project directory \(place): an executor resolves paths from the directory of "
            + "the first file")
      }
      let isFetched = given.uris.contains { Self.name(of: $0) == Path.name(of: path) }
      names.append(isFetched ? Path.name(of: path) : fetched)
    }
    if let odd = names.first(where: { $0.contains(",") }) {
      throw ComposeError("a Compose file's name can't contain a comma: \(odd)")
    }
    fileName = names.joined(separator: ",")
  }

  /// The resources of the task: the sum, or the limits of its largest container if they are higher.
  ///
  /// - Throws: `ComposeError` for a pod without needs, which no framework accepts.
  func needed(_ sum: Amounts) throws(ComposeError) -> Amounts {
    var needed = sum
    needed.cpus = max(sum.cpus, self.sum.largest.cpus)
    needed.memory = max(sum.memory, self.sum.largest.memory)
    guard self.sum.parts.contains(where: { $0.needs.replicas > 0 }) else {
      throw ComposeError("there is nothing to submit: no service has a container")
    }
    guard needed.cpus > .none, needed.memory > .zero else {
      throw ComposeError(
        "a task must request cpus and memory, but one of them is 0: set the services' limits")
    }
    return needed
  }

  /// The generated labels, overridden by the given ones.
  func labels(_ made: [String: String]) -> [String: String] {
    made.merging(given.labels.map { ($0.name, $0.value) }) { $1 }
  }

  // MARK: What is fetched

  /// The URL of the executor, and its path in the sandbox.
  var executor: (uri: String, path: String, isArchive: Bool) {
    let uri =
      given.executorURI
      ?? below("compose-executor-\(given.version)-linux-x86_64.tar.gz")
    let name = Self.name(of: uri)
    guard let stem = Self.stem(of: name) else { return (uri, "./\(name)", false) }
    return (uri, "./\(stem)/bin/compose-executor", true)
  }

  /// The URLs of the Compose files.
  var content: [(uri: String, isArchive: Bool)] {
    let uris = given.uris.isEmpty ? [below(Self.encoded(folder) + ".tar.gz")] : given.uris
    return uris.map { ($0, Self.stem(of: Self.name(of: $0)) != nil) }
  }

  private func below(_ name: String) -> String {
    given.filesAt + (given.filesAt.hasSuffix("/") ? "" : "/") + name
  }

  /// The name of a file without its extension if an agent's fetcher extracts the file (Mesos,
  /// src/launcher/fetcher.cpp, `extract`); nil for other files.
  private static func stem(of name: String) -> String? {
    let endings = [
      ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar", ".zip",
    ]
    guard let ending = endings.first(where: { name.hasSuffix($0) }) else { return nil }
    return String(name.dropLast(ending.count))
  }

  /// The last component of a URL's path.
  private static func name(of uri: String) -> String {
    Path.name(of: String(uri.prefix { $0 != "?" && $0 != "#" }))
  }

  /// A path component in percent-encoding (RFC 3986, 2.3).
  private static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        String(UnicodeScalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
  }
}
