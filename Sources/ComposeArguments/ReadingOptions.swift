import ArgumentParser

/// The variables and profiles for Compose files: options of every command that reads them.
package struct ReadingOptions: ParsableArguments {
  /// `--env-file`.
  @Option(
    help:
      "A file of variables for interpolation; later files take precedence. Default: COMPOSE_ENV_FILES, else .env of the project's directory.",
    completion: .file())
  package var envFile: [String] = []

  /// `--profile`.
  @Option(help: "A profile to enable, * for all. Default: COMPOSE_PROFILES.")
  package var profile: [String] = []

  /// `--env`.
  @Option(
    name: .customLong("env"),
    help: "A variable for interpolation: K=V, or K for its value in the environment.")
  package var variables: [String] = []

  /// No options.
  package init() {}

  /// The variables of `--env`.
  ///
  /// - Parameter environment: The environment of this process, for variables without a value.
  /// - Returns: The values by name.
  package func given(_ environment: [String: String]) -> [String: String] {
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
}
