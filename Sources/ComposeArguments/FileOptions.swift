import ArgumentParser
import Compose
import Linux

/// The Compose files and how they are read: options of several commands.
package struct FileOptions: ParsableArguments {
  /// `-f`, `--file`.
  @Option(
    name: [.customShort("f"), .customLong("file")],
    help:
      "A Compose file; several are merged left to right. Default: COMPOSE_FILE, else compose.yaml, compose.yml, docker-compose.yaml or docker-compose.yml.",
    completion: .file())
  package var files: [String] = []

  /// `--project-directory`.
  @Option(
    help: "The directory against which relative paths are resolved. Default: the first file's.",
    completion: .directory)
  package var projectDirectory: String?

  /// The variables and profiles.
  @OptionGroup package var reading: ReadingOptions

  /// No options.
  package init() {}

  /// Reads the project.
  ///
  /// - Parameters:
  ///   - name: The project's name; nil for the file's.
  ///   - confine: True to refuse relative paths that leave the bound.
  ///   - bound: The directory that relative paths must not leave.
  ///   - readableDirectories: Directories besides the bound whose files may be read; nil for all.
  ///   - podName: Computes the name prefix of a pod's objects.
  ///   - ports: Offered ports, which the file gets as PORT0, PORT1, … and PORTS.
  ///   - environmentOf: The services whose `env_file` is read; nil for all.
  ///   - normalizes: False to add no default values.
  ///   - environment: The environment of this process.
  /// - Returns: The project.
  /// - Throws: `DiagnosticError`.
  package func project(
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

  /// The options of the loader.
  ///
  /// - Parameters:
  ///   - name: The project's name; nil for the file's.
  ///   - confine: True to refuse relative paths that leave the bound.
  ///   - bound: The directory that relative paths must not leave.
  ///   - readableDirectories: Directories besides the bound whose files may be read; nil for all.
  ///   - podName: Computes the name prefix of a pod's objects.
  ///   - ports: Offered ports, which the file gets as PORT0, PORT1, … and PORTS.
  ///   - environmentOf: The services whose `env_file` is read; nil for all.
  ///   - environment: The environment of this process.
  /// - Returns: The options of the loader.
  package func loading(
    name: String?, confine: Bool, bound: LoadOptions.Bound = .root(nil),
    readableDirectories: [String]? = nil,
    podName: (@Sendable (String) -> String)? = nil, ports: [UInt16]?,
    environmentOf: Set<String>? = nil, environment: [String: String]
  ) -> LoadOptions {
    var fallback = environment
    // A shell sets PWD; a parent process that isn't a shell may not.
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
