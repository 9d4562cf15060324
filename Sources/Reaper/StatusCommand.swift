import ArgumentParser
import Linux
import Program
import Reaping

/// The output options of `status` and `explain`.
struct OutputOptions: ParsableArguments {
  @Option(help: "table or json.") var format: ReportFormat = .table

  @Option(
    help: "Colors: never, auto (on a terminal, unless NO_COLOR or TERM=dumb is set) or always.",
    completion: .list(AnsiMode.allCases.map(\.rawValue)))
  var ansi: AnsiMode = .auto

  /// The capabilities of standard output.
  var terminal: Terminal {
    Terminal(descriptor: 1, mode: ansi, environment: ProcessEnvironment.current)
  }
}

/// `pod-reaper status`: every pod with verdict and age.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show every pod with its verdict, from the service or by direct observation.",
    discussion: """
      Below the table: undecided pods with their remedies, the start of the service, its last pass and its next pass. \
      Example: pod-reaper status --watch
      """)

  @OptionGroup var options: SettingOptions
  @OptionGroup var output: OutputOptions

  @Flag(
    help:
      "Print the status again every two seconds: in place on a terminal, else one below the other.")
  var watch = false

  func run() async throws {
    do {
      let context = try ReaperContext(try options.settings(), dryRun: true, quiet: true)
      guard watch else {
        let text = try await context.status(output.format, for: output.terminal)
        StandardOutput.write(text + "\n")
        return
      }
      var notes = true
      await Watch.run(mode: output.ansi, environment: ProcessEnvironment.current) { terminal in
        defer { notes = false }
        do {
          return try await context.status(
            output.format, for: terminal, recordsAbsence: notes && !terminal.canRedraw)
        } catch {
          return Printable.line("pod-reaper: \(error)")
        }
      }
    } catch {
      throw failure(error)
    }
  }
}

/// `pod-reaper explain POD`: the evidence and verdict for one pod.
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Show the evidence and the verdict for one pod.",
    discussion: """
      Prints what will happen to the pod and why, the evidence, and the proof that would change the verdict. \
      Example: pod-reaper explain web.1_nginx
      """)

  @OptionGroup var options: SettingOptions
  @OptionGroup var output: OutputOptions

  @Argument(
    help: "A container's name or ID, a task ID, a run, or a unique prefix of an ID or run.")
  var container: String

  func run() async throws {
    do {
      let context = try ReaperContext(try options.settings(), dryRun: true, quiet: true)
      let text = try await context.explain(container, output.format, for: output.terminal)
      StandardOutput.write(text + "\n")
    } catch {
      throw failure(error)
    }
  }
}
