import ArgumentParser
import OrderedCollections
import PodControl
import Testing

@testable import DockerEngine
@testable import Executor
@testable import PodRuntime
@testable import Program

@Suite("The progress of a launch")
struct LaunchProgressTests {
  private let plain = Terminal(
    isTerminal: true, reported: 80, mode: .never, environment: [:])
  private let colored = Terminal(
    isTerminal: true, reported: 80, mode: .auto, environment: ["TERM": "xterm"])

  private func event(
    _ kind: PodEvent.Kind, _ service: String? = nil, _ message: String = "",
    subject: String? = nil, exitCode: Int? = nil
  ) -> PodEvent {
    PodEvent(
      time: "", event: kind.rawValue, service: service, message: message, subject: subject,
      exitCode: exitCode)
  }

  /// A launch that is waiting for a health check.
  private func waiting() -> (LaunchProgress, [String]) {
    var progress = LaunchProgress()
    let events: [(PodEvent, Duration)] = [
      (event(.podStarting), .zero),
      (event(.imagePulling, subject: "registry.example/team/app:1"), .milliseconds(100)),
      (event(.imagePulled, subject: "registry.example/team/app:1"), .milliseconds(3_200)),
      (event(.networkCreated, subject: "task-1a2b3c4d_default"), .milliseconds(3_300)),
      (event(.containerCreated, "db"), .milliseconds(3_400)),
      (event(.containerCreated, "web"), .milliseconds(3_500)),
      (
        event(.serviceWaiting, "web", "waiting for 'db' to become healthy", subject: "db"),
        .milliseconds(3_500)
      ),
      (event(.containerStarted, "db"), .seconds(4)),
      (
        event(.serviceWaiting, "db", "waiting for 'db' to become healthy", subject: "db"),
        .seconds(4)
      ),
    ]
    let lines = events.compactMap { progress.add($0, at: $1) }
    return (progress, lines)
  }

  /// The layout of a line: the description and, at the end of the line, the time.
  private func row(_ start: String, _ time: String, width: Int) -> String {
    let gap = width - 1 - start.unicodeScalars.count - time.unicodeScalars.count
    return start + String(repeating: " ", count: gap) + time
  }

  @Test("on 80 columns long names are cut at their beginning")
  func narrow() {
    let lines = waiting().0.screen(
      at: .seconds(16), pulls: [:], width: 80, height: 24, terminal: plain)
    #expect(
      lines == [
        "[+] Launching 2/4  16 s",
        row(" ✔ image   …xample/team/app:1  pulled", "3.1 s", width: 80),
        row(" ✔ network …-1a2b3c4d_default  created", "0.0 s", width: 80),
        row(" ⠋ service db                  waiting to become healthy", "12 s", width: 80),
        row(" ⠋ service web                 waiting for 'db' to become healthy", "12 s", width: 80),
      ])
  }

  @Test("on 200 columns nothing is cut, and a pull has its bytes and layers")
  func wide() {
    var (progress, _) = waiting()
    let image = "registry.example/team/other:2"
    _ = progress.add(event(.imagePulling, subject: image), at: .seconds(5))
    var pull = PullStatus()
    pull.add(PullProgress(id: "2", status: "Pulling from team/other", current: nil, total: nil))
    pull.add(PullProgress(id: "a", status: "Already exists", current: nil, total: nil))
    pull.add(
      PullProgress(id: "b", status: "Downloading", current: 12_345_678, total: 45_600_000))
    let lines = progress.screen(
      at: .seconds(16), pulls: [image: pull], width: 200, height: 24, terminal: plain)
    #expect(
      lines == [
        "[+] Launching 2/5  16 s",
        row(" ✔ image   registry.example/team/app:1    pulled", "3.1 s", width: 200),
        row(" ✔ network task-1a2b3c4d_default          created", "0.0 s", width: 200),
        row(
          " ⠋ service db                             waiting to become healthy", "12 s", width: 200),
        row(
          " ⠋ service web                            waiting for 'db' to become healthy", "12 s",
          width: 200),
        row(
          " ⠋ image   registry.example/team/other:2  pulling 12.3 of 45.6 MB, 1 of 2 layers done",
          "11 s", width: 200),
      ])
    #expect(
      progress.waits(at: .seconds(35), pulls: [image: pull]) == [
        "waiting for 'db' to become healthy (31 s)",
        "pulling \(image): 12.3 of 45.6 MB, 1 of 2 layers done (30 s)",
      ])
    pull.add(PullProgress(id: "b", status: "Extracting", current: 1, total: 100))
    let later = progress.screen(
      at: .seconds(16), pulls: [image: pull], width: 200, height: 24, terminal: plain)
    #expect(later.last?.contains(":2  extracting, 1 of 2 layers done  ") == true, "\(later)")
  }

  @Test("without redrawing each change has a line, and each wait is listed once")
  func lines() {
    let (progress, lines) = waiting()
    #expect(
      lines == [
        "pulling registry.example/team/app:1", "pulled registry.example/team/app:1 in 3 s",
        "network 'task-1a2b3c4d_default' created", "service 'db': created",
        "service 'web': created", "service 'web': waiting for 'db' to become healthy",
        "service 'db': started",
      ])
    #expect(
      progress.waits(at: .seconds(33), pulls: [:]) == ["waiting for 'db' to become healthy (29 s)"])
  }

  @Test("a terminal with fewer lines than the launch shows unfinished items first")
  func low() {
    var progress = LaunchProgress()
    for number in 0..<200 {
      _ = progress.add(event(.containerCreated, "web-\(number)"), at: .seconds(1))
      if number < 195 {
        _ = progress.add(event(.containerStarted, "web-\(number)"), at: .seconds(2))
      }
    }
    for height in 1...30 {
      let lines = progress.screen(
        at: .seconds(3), pulls: [:], width: 80, height: height, terminal: plain)
      #expect(lines.count <= max(1, height - 1), "\(height)")
    }
    let lines = progress.screen(
      at: .seconds(3), pulls: [:], width: 80, height: 9, terminal: plain)
    #expect(lines.first == "[+] Launching 195/200  3.0 s")
    #expect(lines.last == "   … and 194 more")
    #expect(lines.filter { $0.contains(" created ") }.count == 5, "\(lines)")
    #expect(lines.contains { $0.contains("web-194 ") && $0.contains("started") }, "\(lines)")
    let all = progress.screen(
      at: .seconds(3), pulls: [:], width: 80, height: nil, terminal: plain)
    #expect(all.count == 201)
  }

  @Test("no line is wider than the terminal, whatever the names")
  func widths() {
    var progress = waiting().0
    let name = "日本\u{1b}[2J\u{301}" + String(repeating: "x", count: 300)
    _ = progress.add(event(.imagePulling, subject: name), at: .seconds(5))
    _ = progress.add(
      event(.serviceWaiting, "a", "waiting for '\(name)' to start", subject: name), at: .seconds(5))
    for width in 1...250 {
      for terminal in [plain, colored] {
        for line in progress.screen(
          at: .seconds(99), pulls: [:], width: width, height: 24, terminal: terminal)
        {
          #expect(OutputRegion.width(line) <= max(1, width - 1), "\(width): \(line)")
          let escapes = line.unicodeScalars.count { $0 == "\u{1b}" }
          #expect(terminal == plain ? escapes == 0 : escapes % 2 == 0, "\(line)")
          #expect(!line.contains("\u{1b}[2J") && !line.contains("日"))
        }
      }
    }
  }

  @Test("a service is created, runs hooks and health checks, and exits")
  func service() {
    var progress = LaunchProgress()
    func text(_ event: PodEvent, at second: Int) -> String? {
      _ = progress.add(event, at: .seconds(second))
      return progress.rows["service web"].map { "\($0.state) \($0.text)" }
    }
    #expect(text(event(.containerCreated, "web"), at: 1) == "working created")
    #expect(
      text(event(.serviceHookStarted, "web", subject: "pre_start"), at: 2)
        == "working running pre_start")
    #expect(
      progress.waits(at: .seconds(40), pulls: [:])
        == ["waiting for the pre_start of 'web' to exit (38 s)"])
    _ = text(event(.serviceHookExited, "web", subject: "pre_start", exitCode: 0), at: 3)
    #expect(text(event(.containerStarted, "web"), at: 4) == "done started")
    #expect(
      text(event(.serviceWaiting, "web", "", subject: "web"), at: 4)
        == "waiting waiting to become healthy")
    #expect(
      text(event(.serviceHookStarted, "web", subject: "post_start"), at: 4)
        == "working running post_start")
    #expect(text(event(.serviceHealthy, "web"), at: 5) == "working running post_start")
    #expect(
      text(event(.serviceHookExited, "web", subject: "post_start", exitCode: 0), at: 6)
        == "done healthy")
    #expect(
      text(event(.containerExited, "web", "exited with 3", exitCode: 3), at: 7)
        == "failed exited with 3")
    #expect(text(event(.serviceRestarting, "web", "…"), at: 8) == "working restarting")
    #expect(text(event(.podStopping, nil, "…"), at: 9) == "canceled canceled while restarting")
    #expect(progress.end == .stopping)
  }

  @Test("a service that can't be started has failed, and isn't canceled")
  func refused() {
    var progress = LaunchProgress()
    _ = progress.add(event(.containerCreated, "web"), at: .zero)
    _ = progress.add(event(.containerCreated, "db"), at: .zero)
    let failed = PodEvent(
      time: "", event: "service-failed", service: "web", message: "no such program")
    let line = progress.add(failed, at: .seconds(1))
    #expect(line == nil)
    _ = progress.add(event(.podStopping, nil, "no such program"), at: .seconds(1))
    #expect(progress.rows["service web"]?.state == .failed)
    #expect(progress.rows["service web"]?.text == "can't be started")
    #expect(progress.rows["service db"]?.state == .canceled)
  }

  @Test("a launch that stops before it has begun shows nothing")
  func empty() {
    var progress = LaunchProgress()
    _ = progress.add(event(.podStopping, nil, "killed"), at: .seconds(1))
    #expect(
      progress.screen(at: .seconds(1), pulls: [:], width: 80, height: 24, terminal: plain) == [])
  }

  @Test("a launch waits for an engine that doesn't respond")
  func engine() {
    var progress = LaunchProgress()
    _ = progress.add(event(.podStarting), at: .zero)
    #expect(
      progress.waits(at: .seconds(30), pulls: [:]) == ["waiting for the Docker Engine (30 s)"])
    _ = progress.add(event(.engineAway, nil, "gone"), at: .seconds(40))
    #expect(
      progress.waits(at: .seconds(60), pulls: [:]) == ["waiting for the Docker Engine (20 s)"])
  }

  @Test("options precede COMPOSE_ANSI and COMPOSE_PROGRESS, and a wrong value is an error")
  func options() throws {
    let variables = ["COMPOSE_ANSI": "always", "COMPOSE_PROGRESS": "plain"]
    let own = try DisplayOptions.parse(["--progress", "quiet"]).form(environment: variables)
    #expect(own.ansi == .always && own.progress == .quiet && own.format == .text)
    let standard = try DisplayOptions.parse(["--format", "json"]).form(environment: [:])
    #expect(standard.ansi == .auto && standard.progress == .auto && standard.format == .json)
    #expect(throws: (any Error).self) {
      try DisplayOptions.parse([]).form(environment: ["COMPOSE_ANSI": "sometimes"])
    }
    #expect(throws: (any Error).self) {
      try DisplayOptions.parse(["--progress", "tty", "--ansi", "never"]).form(environment: [:])
    }
  }
}
