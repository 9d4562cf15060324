/// What to load, and with which variables.
public struct LoadOptions: Sendable {
  /// The Compose files as the user gave them, merged left to right; `-` is standard input. Empty looks
  /// for `compose.yaml`, `compose.yml`, `docker-compose.yaml`, `docker-compose.yml`, the first that
  /// exists, with its `.override.`.
  public var files: [String]
  /// The folder that relative paths of the files resolve against; nil for that of the first file.
  public var projectDirectory: String?
  /// The project's name; nil for the file's own or the folder's.
  public var projectName: String?
  /// Files of variables weaker than all others, later ones over earlier ones; empty for
  /// `COMPOSE_ENV_FILES`, else for `.env`.
  public var envFiles: [String]
  /// The profiles whose services are enabled, `*` for all; empty for `COMPOSE_PROFILES`.
  public var profiles: [String]
  /// Variables for interpolation, strongest.
  public var environment: [String: String]
  /// Variables weaker than `environment` and stronger than `.env`.
  public var fallbackEnvironment: [String: String]
  /// True to refuse a relative path that leaves the bound, through a link too; absolute paths of
  /// the host stay allowed for mounts. False refuses only links of files that are read: of
  /// variables, labels, and other Compose files.
  public var confine: Bool
  /// The directory that relative paths must not leave.
  public var bound: Bound
  /// Directories besides the bound whose files may be read for the project; nil where every file of the host may.
  public var readableDirectories: [String]?
  /// The name by which a pod's objects are called, from the project's; nil where no pod is made. It
  /// is the value of `COMPOSE_PROJECT_NAME` in the files.
  public var podName: (@Sendable (String) -> String)?

  /// The services whose `env_file` is read; nil for all.
  public var environmentOf: Set<String>?
  /// False to leave out what files leave to defaults, as Docker Compose does with `--no-normalize`.
  public var normalizes = true

  /// Takes what is read, for loads that follow; nil to read the files each time.
  public var contents: FileContents?

  /// What bounds relative paths.
  public enum Bound: Sendable, Equatable {
    /// A task's sandbox.
    case sandbox(String)
    /// A directory; nil for the top directory of the git repository that holds the project's, else
    /// the project's.
    case root(String?)
    /// The same default, for a program without an option that names another.
    case repository
    /// The project's directory.
    case project
  }

  /// Options to load the project of the working directory, or the given files.
  ///
  /// - Parameters:
  ///   - files: the Compose files; empty for `COMPOSE_FILE`, else for those with the usual names.
  ///   - projectDirectory: the folder that relative paths resolve against.
  ///   - projectName: the project's name.
  ///   - envFiles: files of variables.
  ///   - profiles: the profiles whose services are enabled.
  ///   - environment: variables, strongest.
  ///   - fallbackEnvironment: variables weaker than `environment`.
  ///   - confine: true to refuse a relative path that leaves the bound.
  ///   - bound: the directory that relative paths must not leave.
  ///   - readableDirectories: directories besides the bound whose files may be read; nil for all.
  ///   - podName: gives the name by which a pod's objects are called.
  ///   - environmentOf: the services whose `env_file` is read; nil for all.
  public init(
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
