import ArgumentParser
import Program
import Reaping

/// `pod-reaper status`: every pod with verdict and age.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show every pod with its verdict, from the service or by looking.")

  @OptionGroup var options: SettingOptions
  @Option(help: "table or json.") var format: ReportFormat = .table

  func run() async throws {
    do {
      let context = try ReaperContext(try options.settings(), dryRun: true, quiet: true)
      print(try await context.status(format))
    } catch {
      throw failure(error)
    }
  }
}

/// `pod-reaper explain CONTAINER`: the evidence and verdict for one container's pod.
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Show the evidence and the verdict for one container's pod.")

  @OptionGroup var options: SettingOptions
  @Argument(help: "The container's name or ID.") var container: String
  @Option(help: "table or json.") var format: ReportFormat = .table

  func run() async throws {
    do {
      let context = try ReaperContext(try options.settings(), dryRun: true, quiet: true)
      print(try await context.explain(container, format))
    } catch {
      throw failure(error)
    }
  }
}
