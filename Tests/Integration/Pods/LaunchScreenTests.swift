import Foundation
import TestSupport
import Testing

@Suite("The display of a launch by `run`", .needsEngine, .throttled)
struct LaunchScreenTests {
  /// A service that becomes healthy after seconds and writes meanwhile, and one that waits for it.
  private func file(image: String = "pod-test/busybox", check: String = "test -e /tmp/ready")
    -> String
  {
    """
    services:
      db:
        image: \(image)
        command: ["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo step $$i; sleep 0.3; done; touch /tmp/ready; sleep 600"]
        healthcheck: {test: ["CMD-SHELL", "\(check)"], interval: 1s, retries: 600}
        volumes: ["./gate:/gate"]
        stop_grace_period: 0s
      web:
        image: pod-test/busybox
        command: sleep 600
        stop_grace_period: 0s
        depends_on: {db: {condition: service_healthy}}
    """
  }

  /// `run` in its own terminal.
  private func terminal(
    columns: Int, rows: Int = 24, _ environment: [String: String] = [:], options: [String] = [],
    resizing: String = ""
  ) -> PodSettings {
    var settings = PodSettings(options: options, files: ["gate/.keep": ""])
    settings.environment = ["TERM": "xterm-256color", "NO_COLOR": ""].merging(environment) { $1 }
    settings.shell = """
      words="$*"
      exec script -qfec "stty cols \(columns) rows \(rows); \(resizing) exec $words" /dev/null
      """
    return settings
  }

  @Test(
    "has a line for each image, network and service, in place, on a terminal",
    arguments: [80, 200])
  func screen(columns: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    try await Registry.lend { registry in
      let image = try await registry.image(on: engine)
      try await withPod(on: engine, file(image: image), terminal(columns: columns)) { pod in
        func shown() -> [String] {
          ScreenText(pod.executor.text(), columns: columns).text
        }
        try await eventually("the wait on the screen", within: .seconds(300)) {
          let lines = shown()
          return lines.contains { $0.contains("service web") && $0.contains("waiting for 'db'") }
            && lines.contains {
              $0.contains("service db") && $0.contains("waiting to become healthy")
            }
        }
        try await eventually("TASK_RUNNING", within: .seconds(300)) {
          pod.executor.text().contains("TASK_RUNNING")
        }
        try await eventually("the end of the line") { shown().last == "" }
        let before = pod.executor.text()
        // Nothing is drawn anymore.
        await #expect(throws: (any Error).self) {
          try await eventually("more output", within: .seconds(2)) {
            pod.executor.text() != before
          }
        }
        let lines = shown()
        #expect(lines.allSatisfy { $0.unicodeScalars.count <= columns }, "\(lines)")
        #expect(!lines.contains { $0.hasPrefix("[+] Launching") }, "\(lines)")
        let title = try #require(lines.firstIndex { $0.hasPrefix("[+] Running 4/4 ") }, "\(lines)")
        let rows = lines[(title + 1)...].prefix { $0.hasPrefix(" ✔ ") }
        #expect(
          rows.map { $0.split(separator: " ")[1] }.sorted() == [
            "image", "network", "service", "service",
          ])
        #expect(rows.contains { $0.contains("image") && $0.contains("pulled") }, "\(rows)")
        #expect(rows.contains { $0.contains("service db") && $0.contains("healthy") }, "\(rows)")
        #expect(rows.contains { $0.contains("service web") && $0.contains("started") }, "\(rows)")
        // The container's output is above it, complete and in order.
        let steps = lines[..<title].filter { $0.hasPrefix("db | ") }
        #expect(steps == (1...9).map { "db | step \($0)" }, "\(lines)")
        #expect(lines[title + 5].contains("TASK_RUNNING"), "\(lines)")
        #expect(!lines.contains { $0.contains(" info: ") }, "\(lines)")
        #expect(before.contains("\u{1b}[32m✔"))
      }
      try await engine.docker("rmi", image).output()
    }
  }

  @Test("adapts to a window that is made narrower, with NO_COLOR")
  func resized() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { directory in
      let settings = terminal(
        columns: 120, ["NO_COLOR": "1"],
        resizing:
          "(until [ -e \(directory.path("resize")) ]; do sleep 0.05; done; stty cols 60 rows 4 </dev/tty) &"
      )
      try await withPod(on: engine, file(check: "test -e /gate/open"), settings) { pod in
        func isShown(width: Int) -> Bool {
          pod.executor.text().split(whereSeparator: \.isNewline).contains { row in
            row.contains(" service ") && row.unicodeScalars.count { $0 != "\u{1b}" } == width
          }
        }
        try await eventually("the first width") { isShown(width: 119) }
        try directory.write("resize", "")
        try await eventually("the second width") { isShown(width: 59) }
        try pod.sandbox.write("gate/open", "")
        try await eventually("TASK_RUNNING", within: .seconds(300)) {
          pod.executor.text().contains("TASK_RUNNING")
        }
        let text = pod.executor.text()
        #expect(!text.contains("m✔") && text.contains("\u{1b}[2K"))
        #expect(text.contains("… and "), "it has four rows")
      }
    }
  }

  @Test("has a line per change with TERM=dumb, a pipe or --progress plain, none with quiet")
  func plain() async throws {
    let engine = try #require(TestEngine.all.first)
    func run(_ settings: PodSettings) async throws -> String {
      try await withPod(on: engine, file(), settings) { pod in
        try await eventually("TASK_RUNNING", within: .seconds(300)) {
          pod.executor.text().contains("TASK_RUNNING")
        }
        return pod.executor.text() + pod.executor.text(.stderr)
      }
    }
    let texts = [
      try await run(PodSettings(files: ["gate/.keep": ""])),
      try await run(terminal(columns: 80, ["TERM": "dumb"])),
      try await run(terminal(columns: 80, options: ["--progress", "plain", "--ansi", "never"])),
    ]
    for text in texts {
      for line in [
        "service 'db': created", "service 'db': started", "service 'db': healthy",
        "service 'web': waiting for 'db' to become healthy", "service 'web': started",
      ] {
        #expect(text.components(separatedBy: " info: \(line)").count == 2, "\(line) in \(text)")
      }
      #expect(!text.contains("\u{1b}") && !text.contains("[+]"), "\(text)")
    }
    let quiet = try await run(terminal(columns: 80, options: ["--progress", "quiet"]))
    #expect(!quiet.contains("[+]") && !quiet.contains(" info: service"), "\(quiet)")
  }

  @Test("has a line every 30 s for each wait if there is no terminal")
  func waits() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withPod(on: engine, file(check: "exit 1")) { pod in
      let line = try await pod.executor.line(
        containing: "waiting for 'db' to become healthy (", in: .stderr, within: .seconds(300))
      let match = line.firstMatch(of: #/ info: waiting for 'db' to become healthy \((\d+) s\)$/#)
      let seconds = match.flatMap { Int($0.1) }
      #expect(seconds ?? 0 >= 29, "\(line)")
      #expect(pod.executor.lines(.stderr).filter { $0.contains("healthy (") }.count == 1)
    }
  }

  @Test("keeps a failed launch with the canceled steps, before the last state")
  func failed() async throws {
    let engine = try #require(TestEngine.all.first)
    let compose = """
      services:
        db:
          image: pod-test/busybox
          command: ["sh", "-c", "sleep 1; exit 3"]
          healthcheck: {test: ["CMD-SHELL", "exit 1"], interval: 1s, retries: 60}
        web:
          image: pod-test/busybox
          depends_on: {db: {condition: service_healthy}}
      """
    try await withPod(on: engine, compose, terminal(columns: 100)) { pod in
      try await pod.executor.exit(within: .seconds(300))
      try await eventually("the last state") { pod.executor.text().contains("TASK_FAILED") }
      let lines = ScreenText(pod.executor.text(), columns: 100).text
      let title = try #require(
        lines.firstIndex { $0.hasPrefix("[+] Launch stopped 1/3 ") }, "\(lines)")
      #expect(lines.contains { $0.hasPrefix(" ✘ service db") && $0.contains(" 3 ") }, "\(lines)")
      #expect(
        lines.contains { $0.hasPrefix(" - service web") && $0.contains("canceled while waiting") },
        "\(lines)")
      let state = try #require(lines.firstIndex { $0.contains("TASK_FAILED") })
      #expect(title < state)
    }
  }
}
