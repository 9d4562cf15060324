import OrderedCollections
import YAML

extension Project {
  /// The project as JSON in the format of `docker compose config --format json`, without a newline
  /// at the end. Each `$` is doubled, so that the output is a valid Compose file again.
  ///
  /// - Returns: The text.
  /// - Throws: A `DiagnosticError` for a `build.ssh` with a path, which Docker Compose can't write
  ///   as JSON either.
  package func json() throws(DiagnosticError) -> String {
    for (_, entry) in canonical["services"]?.mapping ?? [:] {
      for (name, key) in entry.value["build"]?["ssh"]?.mapping ?? [:]
      where key.value.string?.isEmpty == false {
        throw DiagnosticError(
          "the key `\(name)` has a path, which Docker Compose can't write as JSON; use --format yaml",
          at: key.keyPosition)
      }
    }
    return JSONWriter.text(ConfigOutputOrder(format: .json).project(canonical))
  }

  /// The project as YAML in the format of `docker compose config`, with a newline at the end. Each
  /// `$` is doubled, so that the output is a valid Compose file again.
  package func yaml() -> String {
    YAMLWriter.text(ConfigOutputOrder(format: .yaml).project(canonical))
  }
}
