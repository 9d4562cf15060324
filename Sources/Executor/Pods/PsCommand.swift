import ArgumentParser
import DockerEngine
import Linux
import PodObjects
import PodViews
import Program

/// `compose-executor ps`: lists the pods of this host, or one pod's services.
struct PsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ps",
    abstract: "List the pods of this host, or one pod's services.",
    discussion: """
      Columns are omitted if the terminal is narrow. --columns selects columns.
      """)

  @OptionGroup var filter: PodFilter
  @OptionGroup var form: ReportForm

  @Option(
    help:
      "The columns, such as task,state,mem. Pods also have executor, run, agent, pid and message; services also have name."
  )
  var columns: String?

  @Flag(help: "Print again every 2 s until ctrl-C; redraw in place on a terminal.")
  var watch = false

  func run() async throws {
    let all = filter.pod == nil ? PodTable.pods : PodTable.services
    let chosen: [Int]?
    do {
      chosen = try columns.map { try ViewTable.choice($0, of: all) }
    } catch {
      throw CommandError("\(error)", code: 2)
    }
    let host = try HostPods()
    let isJSON = form.format == .json
    try await form.print(every: watch ? .seconds(2) : nil) { terminal in
      let views = try await host.observe(
        filter.selection, measure: isJSON || filter.pod != nil ? .containers : .pods)
      let now = Present.seconds
      if isJSON { return PodDocument.list(views, now: now) }
      let table =
        if filter.pod != nil, let view = views.first {
          PodTable.table(of: view, now: now)
        } else {
          PodTable.table(of: views, now: now)
        }
      return table.lines(for: terminal, chosen: chosen).joined(separator: "\n")
    }
  }
}
