import ArgumentParser
import DockerEngine
import FoundationEssentials
import Program

/// `pod-reaper status`: every pod with verdict and age.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show every pod with its verdict, from the service or by looking.")

  @OptionGroup var options: SettingOptions
  @Option(help: "table or json.") var format: ReportFormat = .table

  func run() async throws {
    do {
      let place = try Workplace(options, dryRun: true, quiet: true)
      let text: String
      if let answer = LocalClient.ask(place.settings.runFolder + "/reaper.sock", "status") {
        text = answer
      } else {
        StandardError.line(
          "pod-reaper: no service answers at \(place.settings.runFolder)/reaper.sock; this is what a look of its own finds"
        )
        text = await place.reaper.answer("status")
      }
      let report: PassReport = try decode(text)
      print(format == .json ? text : Tables.text(report))
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
      let place = try Workplace(options, dryRun: true, quiet: true)
      let line = "explain \(container.filter { !$0.isNewline })"
      let text: String
      if let answer = LocalClient.ask(place.settings.runFolder + "/reaper.sock", line) {
        text = answer
      } else {
        text = await place.reaper.answer(line)
      }
      let report: PodReport = try decode(text)
      print(format == .json ? text : Tables.explanation(report))
    } catch {
      throw failure(error)
    }
  }
}

/// Reads an answer of the reaper, or the error that stands there in its place.
private func decode<T: Decodable>(_ text: String) throws -> T {
  if text.hasPrefix("error: ") { throw NoPod(description: String(text.dropFirst("error: ".count))) }
  return try JSONDecoder().decode(T.self, from: Data(text.utf8))
}
