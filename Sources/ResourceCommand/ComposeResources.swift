import ArgumentParser
import Compose
import Program
import Settings
import PodResources
import YAML
import Linux
import ComposeArguments

/// The command line of compose-resources.
@main
struct ComposeResources: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compose-resources",
    abstract: "Sum the resources of a Compose file's pod, and generate its submission.",
    discussion: """
      Counts each service's limits, times its replicas, and the executor itself. Processor time is rounded up to \
      thousandths and memory to MiB, as in Mesos. With --format marathon or aurora it prints an app or a job that \
      is ready to submit.
      """,
    version: Version.text)

  /// The output format.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json, marathon, aurora
  }

  @OptionGroup(title: "Compose files") var files: FileOptions

  @Option(
    name: [.customShort("p"), .long],
    help:
      "The project's name. Default: COMPOSE_PROJECT_NAME, else name in the file, else the directory's name."
  )
  var projectName: String?

  @Option(help: "The output: table, json, marathon (an app) or aurora (a job).")
  var format: Format = .table

  @OptionGroup(title: "Resources") var sums: SumArguments
  @OptionGroup(title: "Submission") var submission: SubmissionArguments

  static func main() { runProgram() }

  func run() throws {
    do {
      let options = try sums.options()
      let isSubmission = format == .marathon || format == .aurora
      let project = try files.project(
        name: projectName, confine: isSubmission, bound: isSubmission ? .project : .repository,
        ports: nil,
        environment: ProcessEnvironment.current)
      for warning in project.warnings { printError("\(warning.position): \(warning.value)") }
      let sum = try ResourceSum(project, options)
      let text =
        switch format {
        case .table: sum.table
        case .json: try sum.json()
        case .marathon:
          try sum.marathonApp(project, try submission.submission(files, project))
        case .aurora:
          try sum.auroraJob(project, try submission.submission(files, project))
        }
      StandardOutput.write(text + "\n")
      if isSubmission, submission.isPlaceholder(format) {
        printError(
          "\(Submission.placeholder) is a placeholder for the URL that agents fetch from: set --files-at"
        )
      }
      record(sum)
    } catch let unlimited as UnlimitedServices {
      for line in unlimited.lines { printError(line) }
      throw ExitCode(3)
    } catch let error as ConfigurationError {
      throw CommandError("\(error)", code: CommandError.usage)
    } catch {
      for warning in (error as? DiagnosticError)?.warnings ?? [] {
        printError("\(warning.position): \(warning.value)")
      }
      printError("\(error)")
      throw ExitCode(1)
    }
  }

  /// Prints a note if the sum is less than a task needs, which is possible with reservations.
  private func record(_ sum: ResourceSum) {
    let (least, given) = (sum.largest, format == .aurora ? sum.pod : sum.total)
    if least.cpus > given.cpus {
      printError(
        "a task needs at least \(least.cpus.text) cpus: that is the limit of one container")
    }
    if least.memory > given.memory {
      printError(
        "a task needs at least \(least.memory.mebibytes) MiB: that is the limit of one container")
    }
  }

  private func printError(_ text: String) { StandardError.line("compose-resources: \(text)") }
}
