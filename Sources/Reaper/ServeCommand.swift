import ArgumentParser
import Program
import Linux
import Settings
import Reaping

/// `pod-reaper`: the service, or one pass with `--once`.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run as a service, or make one pass with --once.")

  @OptionGroup var options: SettingOptions

  @Flag(help: "Make one pass and exit.")
  var once = false

  @Flag(help: "Print what a pass would remove and why, and remove nothing.")
  var dryRun = false

  @Option(help: "The format of the report of --once: table or json.")
  var format: ReportFormat = .table

  func run() async throws {
    do {
      let context = try ReaperContext(try options.settings(), dryRun: dryRun, quiet: once)
      if once { throw ExitCode(try await OncePass(context: context, format: format).run()) }
      try await ReaperService(context: context, reload: { try options.settings() }).run()
    } catch let code as ExitCode {
      throw code
    } catch {
      throw failure(error)
    }
  }
}
