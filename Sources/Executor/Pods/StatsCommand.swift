import ArgumentParser
import DockerEngine
import PodIdentity
import PodObjects
import PodViews
import Program

/// `compose-executor stats`: prints the usage of pods, or of one pod's services.
struct StatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Show the resource usage of this host's pods, or of one pod's services.",
    discussion: """
      Prints a table every second until ctrl-C, redrawn in place on a terminal. 100 % of CPU is one \
      processor.
      """)

  @OptionGroup var filter: PodFilter
  @OptionGroup var form: ReportForm

  @Flag(help: "Print one table and exit.")
  var noStream = false

  func run() async throws {
    let host = try HostPods()
    let isOne = filter.pod != nil
    var sampler = StatsSampler(engine: host.engine)
    func rows() async throws -> [StatsRow] {
      let pods = try await filter.find(on: host)
      if isOne, let pod = pods.first { return await sampler.sample(ofServices: pod) }
      return await sampler.sample(of: pods)
    }
    // CPU usage needs two samples.
    _ = try await rows()
    try await Task.sleep(for: .milliseconds(500))
    try await form.print(every: noStream ? nil : .seconds(1)) { terminal in
      let rows = try await rows()
      if form.format == .json {
        return StatsTable.document(rows, isOfServices: isOne, now: Present.seconds)
      }
      return StatsTable.table(of: rows, title: isOne ? "service" : "task")
        .lines(for: terminal).joined(separator: "\n")
    }
  }
}
