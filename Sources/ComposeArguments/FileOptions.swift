import ArgumentParser
import Compose
import Linux

/// Which Compose files, and how they are read: options that several commands have.
public struct FileOptions: ParsableArguments {
  /// `-f`, `--file`.
  @Option(
    name: [.customShort("f"), .customLong("file")],
    help:
      "A Compose file; several are merged left to right. Default: COMPOSE_FILE, else compose.yaml, compose.yml, docker-compose.yaml or docker-compose.yml.",
    completion: .file())
  public var files: [String] = []

  /// `--project-directory`.
  @Option(
    help: "The folder that relative paths resolve against. Default: the first file's.",
    completion: .directory)
  public var projectDirectory: String?

  /// With which variables and profiles.
  @OptionGroup public var reading: ReadingOptions

  /// No options.
  public init() {}

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
  ///   - normalizes: false to leave out what files leave to defaults.
  ///   - environment: this process's.
  /// - Returns: the project.
  /// - Throws: `ComposeError`.
  public func project(
    name: String?, confine: Bool, bound: LoadOptions.Bound = .root(nil),
    readableDirectories: [String]? = nil,
    podName: (@Sendable (String) -> String)? = nil, ports: [UInt16]?,
    environmentOf: Set<String>? = nil, normalizes: Bool = true, environment: [String: String]
  ) throws -> Project {
    var options = loading(
      name: name, confine: confine, bound: bound, readableDirectories: readableDirectories,
      podName: podName, ports: ports, environmentOf: environmentOf, environment: environment)
    options.normalizes = normalizes
    return try ComposeLoader.load(options)
  }

  /// What to load.
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
  /// - Returns: the options of the loader.
  package func loading(
    name: String?, confine: Bool, bound: LoadOptions.Bound = .root(nil),
    readableDirectories: [String]? = nil,
    podName: (@Sendable (String) -> String)? = nil, ports: [UInt16]?,
    environmentOf: Set<String>? = nil, environment: [String: String]
  ) -> LoadOptions {
    var fallback = environment
    // A shell sets it; who starts this program without one may not.
    if fallback["PWD"] == nil { fallback["PWD"] = RealPath.workingDirectory }
    for (index, port) in (ports ?? []).enumerated() { fallback["PORT\(index)"] = String(port) }
    if let ports { fallback["PORTS"] = ports.map(String.init).joined(separator: ",") }
    return LoadOptions(
      files: files, projectDirectory: projectDirectory, projectName: name,
      envFiles: reading.envFile,
      profiles: reading.profile, environment: reading.given(environment),
      fallbackEnvironment: fallback,
      confine: confine, bound: bound, readableDirectories: readableDirectories, podName: podName,
      environmentOf: environmentOf)
  }
}
