/// The files to load, their variables and their limits.
package struct LoadOptions: Sendable {
  /// The Compose files as the user named them, merged left to right; `-` is standard input. If
  /// empty, the first existing one of `compose.yaml`, `compose.yml`, `docker-compose.yaml` and
  /// `docker-compose.yml` is used, with its `.override.` file.
  package var files: [String]
  /// The directory that relative paths of the files resolve against; nil for the directory of the
  /// first file.
  package var projectDirectory: String?
  /// The project's name; nil for the file's `name:` or the name of the directory.
  package var projectName: String?
  /// Env files whose variables have the lowest precedence, later ones over earlier ones; empty for
  /// `COMPOSE_ENV_FILES`, else for `.env`.
  package var envFiles: [String]
  /// The profiles whose services are enabled, `*` for all; empty for `COMPOSE_PROFILES`.
  package var profiles: [String]
  /// Variables for interpolation with the highest precedence.
  package var environment: [String: String]
  /// Variables that override `.env` and are overridden by `environment`.
  package var fallbackEnvironment: [String: String]
  /// True to refuse any relative path that leaves the bound, also through a link; mounts may still
  /// use absolute paths of the host. False to refuse only links of files that are read: env files,
  /// label files and other Compose files.
  package var confine: Bool
  /// The directory that relative paths must not leave.
  package var bound: Bound
  /// Directories besides the bound whose files may be read for the project; nil if all files of the
  /// host may be read.
  package var readableDirectories: [String]?
  /// Computes the name prefix of a pod's objects from the project's name; nil if no pod is created.
  /// The files get the result as `COMPOSE_PROJECT_NAME`.
  package var podName: (@Sendable (String) -> String)?

  /// The services whose `env_file` is read; nil for all.
  package var environmentOf: Set<String>?
  /// False to add no default values, like `--no-normalize` of Docker Compose.
  package var normalizes = true

  /// Keeps the files for later loads; nil to read the files each time.
  package var contents: FileContents?

  /// The bound of relative paths.
  package enum Bound: Sendable, Equatable {
    /// A task's sandbox.
    case sandbox(String)
    /// A directory; nil for the top directory of the project's git repository, else the project's
    /// directory.
    case root(String?)
    /// The default of ``root(_:)``, for a program that has no `--root` option.
    case repository
    /// The project's directory.
    case project
  }

  /// Options to load the project of the working directory, or the given files.
  ///
  /// - Parameters:
  ///   - files: The Compose files; empty for `COMPOSE_FILE`, else for the default names.
  ///   - projectDirectory: The directory that relative paths resolve against.
  ///   - projectName: The project's name.
  ///   - envFiles: Env files.
  ///   - profiles: The profiles whose services are enabled.
  ///   - environment: Variables with the highest precedence.
  ///   - fallbackEnvironment: Variables that `environment` overrides.
  ///   - confine: True to refuse a relative path that leaves the bound.
  ///   - bound: The directory that relative paths must not leave.
  ///   - readableDirectories: Directories besides the bound whose files may be read; nil for all.
  ///   - podName: Computes the name prefix of a pod's objects.
  ///   - environmentOf: The services whose `env_file` is read; nil for all.
  package init(
    files: [String] = [], projectDirectory: String? = nil, projectName: String? = nil,
    envFiles: [String] = [], profiles: [String] = [],
    environment: [String: String] = [:], fallbackEnvironment: [String: String] = [:],
    confine: Bool = false, bound: Bound = .root(nil),
    readableDirectories: [String]? = nil,
    podName: (@Sendable (String) -> String)? = nil, environmentOf: Set<String>? = nil
  ) {
    self.files = files
    self.projectDirectory = projectDirectory
    self.projectName = projectName
    self.envFiles = envFiles
    self.profiles = profiles
    self.environment = environment
    self.fallbackEnvironment = fallbackEnvironment
    self.confine = confine
    self.bound = bound
    self.readableDirectories = readableDirectories
    self.podName = podName
    self.environmentOf = environmentOf
  }
}
