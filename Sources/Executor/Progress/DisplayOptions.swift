import ArgumentParser
import Program
import Settings

/// The output options of `run`. Options that `docker compose` has too work the same.
struct DisplayOptions: ParsableArguments {
  /// The format of standard output.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  /// The display of the launch.
  enum Progress: String, ExpressibleByArgument, CaseIterable {
    case auto, tty, plain, quiet
  }

  @Option(
    help:
      "The format: text (states, and the containers' output on stdout and stderr) or json (one object per line on stdout for each state, event and line of output). Default: text."
  )
  var format: Format?

  @Option(help: "Colors and redrawing: never, auto or always. Default: COMPOSE_ANSI, else auto.")
  var ansi: AnsiMode?

  @Option(
    help:
      "How the launch is shown on stderr: auto, tty (redrawn in place), plain (log lines of level info) or quiet. Default: COMPOSE_PROGRESS, else auto."
  )
  var progress: Progress?

  /// The values of the options.
  struct Form: Sendable {
    var format: Format
    var ansi: AnsiMode
    var progress: Progress
  }

  /// Combines the options with the variables that Docker Compose reads.
  ///
  /// - Parameter environment: the source of COMPOSE_ANSI and COMPOSE_PROGRESS.
  /// - Returns: the values.
  /// - Throws: `ConfigurationError` for an invalid value of a variable.
  func form(environment: [String: String]) throws(ConfigurationError) -> Form {
    func variable<Value: RawRepresentable<String> & CaseIterable>(
      _ name: String, _ standard: Value
    ) throws(ConfigurationError) -> Value {
      guard let text = environment[name], !text.isEmpty else { return standard }
      if let value = Value(rawValue: text) { return value }
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConfigurationError(description: "\(name) is one of \(known), not '\(text)'")
    }
    let standardAnsi = try variable("COMPOSE_ANSI", AnsiMode.auto)
    let standardProgress = try variable("COMPOSE_PROGRESS", Progress.auto)
    let form = Form(
      format: format ?? .text, ansi: ansi ?? standardAnsi, progress: progress ?? standardProgress)
    guard form.progress != .tty || form.ansi != .never else {
      throw ConfigurationError(
        description: "--progress tty requires the redrawing that --ansi never disables")
    }
    return form
  }
}
