import ArgumentParser
import Compose
import Linux

/// Which Compose files, and how they are read: options that several commands have.
public struct FileOptions: ParsableArguments {
  /// `-f`, `--file`.
  @Option(
    name: [.customShort("f"), .customLong("file")],
    help:
      "A Compose file; several are merged left to right. Default: COMPOSE_FILE, else compose.yaml and its kin.",
    completion: .file())
  public var files: [String] = []

  /// `--project-directory`.
  @Option(
    help: "The folder that relative paths resolve against. Default: the first file's.",
    completion: .directory)
  public var projectDirectory: String?

  /// `--env-file`.
  @Option(
    help:
      "A file of variables for interpolation; later ones are stronger. Default: COMPOSE_ENV_FILES, else .env of the project's folder.",
    completion: .file())
  public var envFile: [String] = []

  /// `--profile`.
  @Option(help: "A profile to enable, * for all. Default: COMPOSE_PROFILES.")
  public var profile: [String] = []

  /// `--env`.
  @Option(
    name: .customLong("env"),
    help: "A variable for interpolation, K=V, or K to take it from the environment.")
  public var variables: [String] = []

  /// No options.
  public init() {}

  /// The variables of `--env`.
  ///
  /// - Parameter environment: this process's, for those without a value.
  /// - Returns: the values by name.
  public func given(_ environment: [String: String]) -> [String: String] {
    var given: [String: String] = [:]
    for variable in variables {
      let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 {
        given[String(parts[0])] = String(parts[1])
      } else {
        given[variable] = environment[variable]
      }
    }
    return given
  }

  /// Reads the project.
  ///
  /// - Parameters:
  ///   - name: the project's name; nil for the file's.
  ///   - confine: refuse relative paths that leave the bound.
  ///   - bound: the directory that they must not leave.
  ///   - readableDirectories: directories besides the bound whose files may be read; nil for all.
  ///   - podName: gives the name by which a pod's objects are called.
  ///   - ports: offered ports, which the file sees as PORT0, PORT1, … and PORTS.
  ///   - environmentOf: the services whose `env_file` is read; nil for all.
  ///   - environment: this process's.
  /// - Returns: the project.
  /// - Throws: `ComposeError`.
  public func project(
    name: String?, confine: Bool, bound: LoadOptions.Bound = .root(nil),
    readableDirectories: [String]? = nil,
    podName: (@Sendable (String) -> String)? = nil, ports: [UInt16]?,
    environmentOf: Set<String>? = nil, environment: [String: String]
  ) throws -> Project {
    var fallback = environment
    // A shell sets it; who starts this program without one may not.
    if fallback["PWD"] == nil { fallback["PWD"] = RealPath.workingDirectory }
    for (index, port) in (ports ?? []).enumerated() { fallback["PORT\(index)"] = String(port) }
    if let ports { fallback["PORTS"] = ports.map(String.init).joined(separator: ",") }
    return try ComposeLoader.load(
      LoadOptions(
        files: files, projectDirectory: projectDirectory, projectName: name, envFiles: envFile,
        profiles: profile, environment: given(environment), fallbackEnvironment: fallback,
        confine: confine, bound: bound, readableDirectories: readableDirectories, podName: podName,
        environmentOf: environmentOf))
  }
}
