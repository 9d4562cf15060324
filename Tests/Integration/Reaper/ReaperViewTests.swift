import Foundation
import PodIdentity
import Reaping
import TestSupport
import Testing

@Suite("Reports of pod-reaper about pods", .needsEngine, .throttled)
struct ReaperViewTests {
  private static let one = TestEngine.all.prefix(1)

  /// A command in its own terminal.
  private func inTerminal(_ command: Command, columns: Int) -> Command {
    let words = [command.program] + command.arguments
    let line = words.map { "'\($0)'" }.joined(separator: " ")
    return Command(
      "script", ["-qfec", "stty cols \(columns) rows 50; exec \(line)", "/dev/null"],
      environment: command.environment.merging(["TERM": "xterm", "NO_COLOR": ""]) { $1 })
  }

  private func plain(_ text: String) -> [String] {
    text.replacing(#/\u{1b}\[[0-9;]*[A-Za-z]/#, with: "").split(whereSeparator: \.isNewline)
      .map(String.init)
  }

  @Test(
    "explain a running pod, one with a young proof and a dead one, by container, task or run",
    arguments: one)
  func explain(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, smallPod) { living in
        try await withForged([.forged()], on: engine) { pods in
          try await living.running()
          let web = try #require(try await living.containers()["web"]?.Name.dropFirst())
          let dead = pods[0].identity
          let name = try await pods[0].container()
          func explain(_ word: String) async throws -> String {
            try await site.reaper(["explain", word]).output()
          }
          // Without a service, and without any grace.
          let leaked = try await explain(dead.taskID)
          #expect(
            leaked.hasPrefix(
              "This pod is leaked: its executor, process \(dead.incarnation.pid ?? 0), is dead"),
            "\(leaked)")
          #expect(leaked.contains("the next pass removes 1 container."), "\(leaked)")
          try await ReaperService.with(site) { _ in
            for word in [String(web), living.task, living.run, String(living.run.prefix(13))] {
              let text = try await explain(word)
              #expect(text.hasPrefix("This pod is alive: its executor, process "), "\(text)")
              #expect(text.contains("is running; nothing is removed."), "\(text)")
              #expect(
                text.contains(#/\n\d+ s ago  process  its process is alive +alive\n/#), "\(text)")
            }
            let undecided = try await explain(name)
            #expect(
              undecided.hasPrefix(
                "This pod is undecided: nothing is removed, because its pid belongs to another process"
              ),
              "\(undecided)")
            #expect(undecided.contains("; to resolve: wait"), "\(undecided)")
            #expect(undecided.contains("unless there is a sign of life."), "\(undecided)")
            let nobody = try await site.reaper(["explain", "nobody"]).run()
            #expect(nobody.status == .exited(1), "\(nobody)")
            #expect(nobody.stderr.contains("task or run with the name nobody"))
            // Without any other request to the engine.
            for word in ["../../info", "..", "/", "a?b"] {
              let nobody = try await site.reaper(["explain", word]).run()
              #expect(nobody.stderr.contains("task or run with the name \(word)"), "\(nobody)")
            }
          }
        }
      }
    }
  }

  @Test("explain nothing if a name matches two pods, and list their runs", arguments: one)
  func ambiguous(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let first = PodIdentity.forged()
      var second = PodIdentity.forged()
      second.taskID = first.taskID
      try await withForged([first, second], on: engine) { pods in
        for pod in pods { try await pod.container() }
        let both = try await site.reaper(["explain", first.taskID]).run()
        #expect(both.status == .exited(1), "\(both)")
        #expect(both.stderr.contains("matches 2 pods: name one of their runs"), "\(both)")
        #expect(both.stderr.contains(first.run) && both.stderr.contains(second.run), "\(both)")
        let one = try await site.reaper(["explain", second.run]).output()
        #expect(one.contains("run \(second.run)"), "\(one)")
      }
    }
  }

  @Test("have a pod's age, the service's start, its last and its next pass", arguments: one)
  func status(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, smallPod) { living in
        try await living.running()
        let started = try await eventually("a pod of two seconds") {
          let age = try #require(try await site.status(of: living.run)).age
          return age > 2 ? age : nil
        }
        // The service that starts now has observed the pod for less time than the pod's age.
        try await ReaperService.with(site) { _ in
          let report = try PassReport(
            try await site.reaper(["status", "--format", "json"]).output())
          let pod = try #require(report.pod(living.run))
          #expect(pod.age >= started && (pod.seenFor ?? pod.age) < pod.age, "\(pod)")
          let service = try #require(report.service)
          #expect(service.healthy && (service.uptime ?? 100) < 60)
          #expect(service.lastPass?.completed == true, "\(service)")
          #expect(service.lastPass?.result.contains(" alive") == true, "\(service)")
          #expect((1...600).contains(service.nextPass ?? 0), "\(service)")
          let text = try await site.reaper(["status"]).output()
          #expect(text.hasPrefix("VERDICT"), "\(text)")
          for words in ["service   running since 20", "last pass ", "next pass in "] {
            #expect(text.contains("\n" + words), "\(text)")
          }
          #expect(!text.contains("\u{1b}"))
        }
      }
    }
  }

  @Test("fit a terminal without loss, and are drawn in place", arguments: one, [80, 200])
  func watch(on engine: TestEngine, columns: Int) async throws {
    try await withReaperSite(on: engine) { site in
      try await withForged([.forged()], on: engine) { pods in
        try await pods[0].container()
        try await ReaperService.with(site) { _ in
          let watch = try inTerminal(site.reaper(["status", "--watch"]), columns: columns).start()
          defer { watch.send(SIGTERM) }
          try await eventually("three frames") {
            watch.text().components(separatedBy: "\u{1b}[H").count > 3
          }
          let frame = watch.text().components(separatedBy: "\u{1b}[H")[2]
          let lines = plain(frame)
          #expect(lines.allSatisfy { $0.count <= columns }, "\(frame)")
          let words = lines.joined(separator: " ").split(separator: " ").joined(separator: " ")
          #expect(
            words.contains(
              "its pid belongs to another process, but the grace of 5 min isn't over"), "\(frame)")
          #expect(words.contains(pods[0].identity.taskID), "\(frame)")
          #expect(frame.contains("\u{1b}[33mundecided\u{1b}[0m"), "\(frame)")
          #expect((lines.first?.contains("WHY") == true) == (columns == 200), "\(frame)")
          watch.send(SIGTERM)
          try await watch.exit()
        }
      }
    }
  }

  @Test("are printed again on a pipe, without colors, until the reader exits", arguments: one)
  func piped(on engine: TestEngine) async throws {
    try await withReaperSite(on: engine) { site in
      let command = site.reaper(["status", "--watch"])
      let line = ([command.program] + command.arguments).map { "'\($0)'" }.joined(separator: " ")
      // The pipeline exits only after the reaper.
      let end = try await Command(
        "sh", ["-c", "\(line) | grep -m 3 -E '^(VERDICT.*|no pods|)$'"],
        environment: command.environment
      ).run(within: .seconds(300))
      #expect(end.status == .exited(0))
      // Pods of other tests can be on the same engine: between two titles is an empty line.
      let lines = end.stdout.split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count == 4 && lines[1] == "" && lines[2] != "", "\(end)")
      #expect(!end.stdout.contains("\u{1b}"), "\(end)")
      #expect(end.stderr.split(separator: "\n").count == 1, "\(end)")
    }
  }
}
