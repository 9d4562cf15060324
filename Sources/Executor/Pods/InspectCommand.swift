import ArgumentParser
import DockerEngine
import PodObjects
import PodViews
import Program

/// `compose-executor inspect`: prints all information about one pod.
struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Print everything known about a pod as JSON.",
    discussion: """
      Prints one document on one line, without the environments of containers.
      """)

  @OptionGroup var filter: PodFilter

  func run() async throws {
    let selection = try filter.oneSelection(of: "inspect")
    let host = try HostPods()
    let view = try await host.observeOne(selection)
    let inspection = await PodInspection(of: view, engine: host.engine)
    StandardOutput.write(inspection.document(now: Present.seconds) + "\n")
  }
}
