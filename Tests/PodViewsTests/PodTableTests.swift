import FoundationEssentials
import PodControl
import PodIdentity
import PodObjects
import Testing

@testable import DockerEngine
@testable import PodViews
@testable import Program

@Suite("The tables of ps and stats")
struct PodTableTests {
  /// A terminal of a given width, or a pipe.
  private func output(_ columns: Int? = nil, colored: Bool = false) -> Terminal {
    Terminal(
      isTerminal: columns != nil, reported: columns, mode: colored ? .always : .never,
      environment: [:])
  }

  private func view(
    task: String = "web.1", framework: String = "20d1c0b5-3c7c-4f4e-9d5e-2f4b9d0a7e11-0000",
    role: String? = nil
  ) throws -> PodView {
    let identity = Samples.identity(task: task, framework: framework)
    var view = PodView(
      pod: Samples.pod(
        [
          try Samples.container(
            "web", id: "0123456789abcdef", status: "Up 5 minutes (healthy)",
            ports: #"[{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 31000, "Type": "tcp"}]"#,
            created: 1000),
          try Samples.container(
            "job", id: "fedcba9876543210", state: "exited", status: "Exited (3) 1 minute ago",
            created: 1240),
        ], identity: identity), executor: .alive,
      status: PodStatus(
        task: task, run: "run-1", state: .running, message: "", cpus: 2, memory: 512 << 20,
        sandbox: nil,
        services: [
          .init(
            name: "web", container: "0123456789abcdef", state: "running", health: "healthy",
            restarts: 2, exitCode: nil, role: role)
        ], ports: []))
    var figures = CgroupFigures()
    figures.memory = 187 << 20
    view.figures = figures
    view.processors = 0.25
    view.services[1].figures = figures
    view.services[1].processors = 0.2
    return view
  }

  @Test("the column of roles is shown if a service has a role")
  func roles() throws {
    func lines(_ role: String?) throws -> [String] {
      PodTable.table(of: try view(role: role), now: 1300).lines(for: output())
    }
    #expect(try !lines(nil)[0].contains("ROLE"))
    let lines = try lines("sidecar")
    #expect(lines[0].contains("  ROLE  ") && lines[2].contains("  sidecar  "), "\(lines)")
  }

  @Test("a table of pods has each column, in a pipe")
  func pods() throws {
    let lines = PodTable.table(of: [try view()], now: 1300).lines(for: output())
    #expect(
      lines == [
        "TASK   FRAMEWORK                                  STATE    SERVICES  RESTARTS  PORTS     "
          + "    CPU        MEM  AGE",
        "web.1  20d1c0b5-3c7c-4f4e-9d5e-2f4b9d0a7e11-0000  running       1/2         2  31000->80 "
          + " 0.25/2  187M/512M   5m",
      ])
  }

  @Test("a table of services has each column, in a pipe")
  func services() throws {
    let lines = PodTable.table(of: try view(), now: 1300).lines(for: output())
    #expect(
      lines == [
        "SERVICE  CONTAINER     STATE    HEALTH   RESTARTS  EXIT  PORTS         CPU     MEM  AGE",
        "job      fedcba987654  exited   -               -     3                  -       -  60s",
        "web      0123456789ab  running  healthy         2     -  31000->80  0.20/-  187M/-   5m",
      ])
  }

  @Test("a narrow terminal omits columns, and no line is wider", arguments: [200, 80, 40, 10])
  func widths(_ columns: Int) throws {
    let table = PodTable.table(of: [try view(), try view(task: "a-longer-task.17")], now: 1300)
    let lines = table.lines(for: output(columns))
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= columns })
    let titles = lines[0].split(separator: " ").map(String.init)
    if columns == 200 { #expect(titles == PodTable.pods.filter { !$0.isExtra }.map(\.title)) }
    if columns == 80 {
      #expect(titles == ["TASK", "STATE", "SERVICES", "RESTARTS", "PORTS", "CPU", "MEM", "AGE"])
    }
  }

  @Test("a long ID hides no other column of a terminal", arguments: [200, 80, 60])
  func longID(_ columns: Int) throws {
    let task = "group_shop_frontend.instance-3b6bc6e5-00bd-42ce-a4f8-494ce3013589._app.1"
    let table = PodTable.table(of: [try view(task: task), try view()], now: 1300)
    let lines = table.lines(for: output(columns))
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= columns })
    #expect(lines[0].hasSuffix("AGE") || lines[0].hasSuffix("MEM"), "\(lines)")
    #expect(lines[1].hasPrefix("group_shop_fron") && lines[1].contains("running"), "\(lines)")
    #expect(lines[2].hasPrefix("web.1 ") && lines[2].contains("187M/512M"))
    // A pipe gets the full ID.
    #expect(table.lines(for: output())[1].hasPrefix(task))
  }

  @Test("columns are chosen by their titles, in any case and order")
  func chosen() throws {
    let choice = try ViewTable.choice("mem, Task,RUN", of: PodTable.pods)
    let lines = PodTable.table(of: [try view()], now: 1300).lines(for: output(), chosen: choice)
    #expect(lines == ["      MEM  TASK   RUN", "187M/512M  web.1  run-1"])
    for list in ["", "task,", "nothing", "task,,mem"] {
      let error = try #require(throws: ViewTable.UnknownColumn.self) {
        try ViewTable.choice(list, of: PodTable.pods)
      }
      #expect(error.description.contains("known are task,framework,state,services"))
    }
  }

  @Test("labels can't control a terminal, whatever they contain")
  func hostile() throws {
    let name = "a\u{1b}[2Jb\nc\r\u{9b}d\u{202e}e\u{7f}"
    var view = try view(task: name, framework: name)
    view.silence = name
    for lines in [
      PodTable.table(of: [view], now: 0).lines(for: output()),
      PodTable.table(of: [view], now: 0).lines(for: output(80)),
      PodTable.table(of: [view], now: 0).lines(for: output(80), chosen: [0, 1, 9, 13]),
    ] {
      #expect(lines.count == 2)
      #expect(lines.allSatisfy { $0.unicodeScalars.allSatisfy { !Self.isControl($0) } })
    }
    let json = PodDocument.list([view], now: 0)
    #expect(json.unicodeScalars.allSatisfy { !Self.isControl($0) })
    // The value is exact nevertheless.
    let document = try JSONDecoder().decode(Document.self, from: Data(json.utf8))
    #expect(Array(document.pods[0].task.utf8) == Array(name.utf8))
  }

  private struct Document: Decodable {
    struct Pod: Decodable { let task: String }
    let pods: [Pod]
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || 0x7f...0x9f ~= scalar.value || scalar.value == 0x202e
  }

  @Test("states are colored where colors are enabled")
  func colors() throws {
    let lines = PodTable.table(of: [try view()], now: 0).lines(for: output(colored: true))
    #expect(lines[1].contains("\u{1b}[32mrunning\u{1b}[0m"))
    #expect(!PodTable.table(of: [try view()], now: 0).lines(for: output())[1].contains("\u{1b}"))
  }

  @Test("a pod is written as JSON")
  func json() throws {
    let text = PodDocument.list([try view(framework: "")], now: 1300)
    #expect(
      text.hasPrefix(#"{"version":1,"pods":[{"task":"web.1","executor":"web.1","framework":null,"#))
    #expect(
      text.contains(#""state":"running","message":"","created":"1970-01-01T00:16:40Z","age":300,"#))
    #expect(
      text.contains(
        #""up":1,"total":2,"restarts":2,"ports":[{"host":31000,"container":80,"protocol":"tcp"}]"#))
    #expect(
      text.contains(
        #""cpu":{"used":0.25,"limit":2,"seconds":null},"memory":{"used":196083712,"limit":536870912}"#
      ))
    #expect(text.contains(#""exit_code":3"#))
  }

  @Test("a row of stats shows known figures, and - for the others")
  func stats() {
    var figures = CgroupFigures()
    (figures.memory, figures.memoryLimit, figures.tasks) = (256 << 20, 512 << 20, 12)
    (figures.read, figures.written) = (1 << 20, 4096)
    let rows = [
      StatsRow(name: "web", figures: figures, processors: 1.5, network: (2048, 1024)),
      StatsRow(name: "new", figures: CgroupFigures(), processors: nil, network: nil),
    ]
    #expect(
      StatsTable.table(of: rows, title: "service").lines(for: output()) == [
        "SERVICE   CPU %  MEM / LIMIT  MEM %    NET I/O  BLOCK I/O  PIDS",
        "web      150.0%    256M/512M  50.0%  2.0K/1.0K  1.0M/4.0K    12",
        "new           -            -      -          -          -     -",
      ])
    let json = StatsTable.document(rows, isOfServices: true, now: 60)
    #expect(
      json.hasPrefix(
        #"{"version":1,"time":"1970-01-01T00:01:00Z","services":[{"service":"web","cpu":1.5,"#))
    #expect(json.contains(#"{"service":"new","cpu":null,"memory":null"#))
  }

  @Test("the engine's figures of a container are read, and may be missing")
  func usage() throws {
    func usage(_ json: String) throws -> ContainerUsage {
      try JSONDecoder().decode(ContainerUsage.self, from: Data(json.utf8))
    }
    let found = CgroupFigures(
      try usage(
        #"""
        {"cpu_stats": {"cpu_usage": {"total_usage": 1500000000}},
         "memory_stats": {"usage": 5000, "limit": 9000, "stats": {"inactive_file": 1000}},
         "pids_stats": {"current": 4}, "networks": {"eth0": {"rx_bytes": 7, "tx_bytes": 8}},
         "blkio_stats": {"io_service_bytes_recursive": [
           {"op": "Read", "value": 1}, {"op": "write", "value": 2}, {"op": "Read", "value": 3}]}}
        """#))
    #expect(found.seconds == 1.5)
    #expect(found.memory == 4000)
    #expect(found.memoryLimit == 9000)
    #expect(found.tasks == 4)
    #expect(found.read == 4)
    #expect(found.written == 2)
    #expect(
      CgroupFigures(try usage(#"{"memory_stats": {}, "blkio_stats": null}"#)) == CgroupFigures())
  }
}
