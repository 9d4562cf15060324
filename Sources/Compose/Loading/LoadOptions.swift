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
  /// True to refuse a relative path that leaves the project folder, through a link too; absolute paths
  /// of the host stay allowed for mounts.
  public var confine: Bool

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
  ///   - confine: true to refuse a relative path that leaves the project folder.
  public init(
    files: [String] = [], projectDirectory: String? = nil, projectName: String? = nil,
    envFiles: [String] = [], profiles: [String] = [],
    environment: [String: String] = [:], fallbackEnvironment: [String: String] = [:],
    confine: Bool = false
  ) {
    self.files = files
    self.projectDirectory = projectDirectory
    self.projectName = projectName
    self.envFiles = envFiles
    self.profiles = profiles
    self.environment = environment
    self.fallbackEnvironment = fallbackEnvironment
    self.confine = confine
  }
}
