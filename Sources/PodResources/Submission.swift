import Compose
import YAML

/// The settings of a submission to a framework, other than the needed resources.
package struct Submission: Sendable {
  /// The default URL for ``filesAt``.
  package static let placeholder = "https://files.example.org"

  /// Marathon's app ID, or Aurora's `role/environment/name`; nil for an ID derived from the
  /// project's name.
  package var id: String?
  /// The number of pods.
  package var instances: Int64 = 1
  /// The URL below which agents find the release's tarball and the tarball of the project
  /// directory.
  package var filesAt = Submission.placeholder
  /// The URL of the release's tarball, or of a script that starts an installed executor; nil for
  /// this release's tarball.
  package var executorURI: String?
  /// The URLs of the Compose files; empty for a tarball of the project directory.
  package var uris: [String] = []
  /// Labels that are added to, and override, the generated ones.
  package var labels: [(name: String, value: String)] = []
  /// Variables for the executor.
  package var variables: [(name: String, value: String)] = []
  /// The user of the task; nil for the framework's default.
  package var user: String?
  /// Disk space; nil for the framework's default.
  package var disk: ByteSize?
  /// True to start a pod again after it has finished, if the framework supports both.
  package var isService = true
  /// The release of the executor.
  package var version: String

  /// A submission of one pod.
  ///
  /// - Parameter version: The release of the executor.
  package init(version: String) { self.version = version }

  /// The path in the sandbox of a file of the project directory.
  ///
  /// - Parameters:
  ///   - file: The path on this host.
  ///   - project: The project.
  /// - Returns: The path, which begins with the name of the project directory.
  /// - Throws: `DiagnosticError` for a file outside the project directory.
  package static func fetched(_ file: String, in project: Project) throws(DiagnosticError) -> String
  {
    let location = project.workingDirectory
    let path = Path.join(Path.current, file)
    guard path.hasPrefix(location + "/") else {
      throw DiagnosticError(
        "\(file) is outside the project directory \(location), which agents fetch")
    }
    return Path.name(of: location) + String(path.dropFirst(location.utf8.count))
  }
}

/// A submission with the URLs and labels derived from a project.
struct ResolvedSubmission {
  var given: Submission
  var project: Project
  var sum: ResourceSum
  /// The name of the project directory.
  var directory: String
  /// The label `fileName`.
  var fileName: String

  /// Derives the missing settings from the project.
  ///
  /// - Throws: `DiagnosticError` for files that an agent can't fetch from their location.
  init(_ given: Submission, _ project: Project, _ sum: ResourceSum) throws(DiagnosticError) {
    self.given = given
    self.project = project
    self.sum = sum
    let location = project.workingDirectory
    directory = Path.name(of: location)
    guard !directory.isEmpty else { throw DiagnosticError("the project directory can't be /") }
    var names: [String] = []
    for file in project.files {
      guard file != "-" else {
        throw DiagnosticError("standard input can't be fetched by an agent: name the file with -f")
      }
      let path = Path.join(Path.current, file)
      let fetched = try Submission.fetched(file, in: project)
      if names.isEmpty, Path.directory(of: path) != location {
        throw DiagnosticError(
          "\(file) isn't in the project directory \(location): an executor resolves paths from the directory of "
            + "the first file")
      }
      let isFetched = given.uris.contains { Self.name(of: $0) == Path.name(of: path) }
      names.append(isFetched ? Path.name(of: path) : fetched)
    }
    if let odd = names.first(where: { $0.contains(",") }) {
      throw DiagnosticError("a Compose file's name can't contain a comma: \(odd)")
    }
    fileName = names.joined(separator: ",")
  }

  /// The resources of the task: the sum, or the limits of its largest container if they are higher.
  ///
  /// - Throws: `DiagnosticError` for a pod without needs, which no framework accepts.
  func needed(_ sum: ResourceAmounts) throws(DiagnosticError) -> ResourceAmounts {
    var needed = sum
    needed.cpus = max(sum.cpus, self.sum.largest.cpus)
    needed.memory = max(sum.memory, self.sum.largest.memory)
    guard self.sum.parts.contains(where: { $0.needs.replicas > 0 }) else {
      throw DiagnosticError("there is nothing to submit: no service has a container")
    }
    guard needed.cpus > .none, needed.memory > .zero else {
      throw DiagnosticError(
        "a task must request cpus and memory, but one of them is 0: set the services' limits")
    }
    return needed
  }

  /// The generated labels, overridden by the given ones.
  func labels(_ made: [String: String]) -> [String: String] {
    made.merging(given.labels.map { ($0.name, $0.value) }) { $1 }
  }

  // MARK: Fetched files

  /// The processor in the name of the release's tarball: this program's own, as `uname -m` prints
  /// it. The agents' isn't known; `--executor-uri` names a tarball for another one.
  private static var processor: String {
    #if arch(arm64)
      "aarch64"
    #else
      "x86_64"
    #endif
  }

  /// The URL of the executor, and its path in the sandbox.
  var executor: (uri: String, path: String, isArchive: Bool) {
    let uri =
      given.executorURI
      ?? below("compose-executor-\(given.version)-linux-\(Self.processor).tar.gz")
    let name = Self.name(of: uri)
    guard let stem = Self.stem(of: name) else { return (uri, "./\(name)", false) }
    return (uri, "./\(stem)/bin/compose-executor", true)
  }

  /// The URLs of the Compose files.
  var content: [(uri: String, isArchive: Bool)] {
    let uris = given.uris.isEmpty ? [below(Self.encoded(directory) + ".tar.gz")] : given.uris
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
