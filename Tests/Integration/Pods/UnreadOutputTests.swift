import Foundation
import TestSupport
import Testing

/// The reader of the executor's output can stop reading without exiting.
@Suite("Output without a reader", .needsEngine, .throttled)
struct UnreadOutputTests {
  /// The executor's streams that are connected to a pipe that is never read.
  enum Unread: String, CaseIterable {
    case stdout, stderr, both

    /// The pipe has a reader that doesn't read: the executor itself.
    var shell: String {
      let pipes =
        switch self {
        case .stdout: "1<>full"
        case .stderr: "2<>full"
        case .both: "1<>full 2>&1"
        }
      return #"mkfifo full; exec "$@" \#(pipes)"#
    }
  }

  enum Ending: String, CaseIterable {
    case told, toldTwice, fails, finishes

    /// The last command of the service.
    var command: String {
      switch self {
      case .told, .toldTwice: "exec sleep 1000"
      case .fails: "exit 5"
      case .finishes: "exit 0"
      }
    }

    var status: ExitStatus {
      switch self {
      case .told, .toldTwice: .exited(130)
      case .fails: .exited(1)
      case .finishes: .exited(0)
      }
    }
  }

  @Test(
    "blocks neither the pod's stop nor the executor's, and is counted", arguments: Unread.allCases,
    Ending.allCases)
  func ends(unread: Unread, ending: Ending) async throws {
    let engine = try #require(TestEngine.all.first)
    let stream = unread == .stderr ? ">&2" : ""
    let file = """
      services:
        web:
          image: pod-test/busybox
          stop_signal: SIGKILL
          volumes: [".:/box"]
          command:
            - sh
            - -c
            - 'i=0; while [ $$i -lt 1500 ]; do i=$$((i + 1));
              echo "line $$i: a hundred bytes or so, which fill the pipe long before the loop is over \(stream)" \(stream);
              done; touch /box/done; until [ -e /box/go ]; do sleep 0.05; done; \(ending.command)'
      """
    let settings = PodSettings(
      options: ["--grace", "3s", "--cleanup-timeout", "20s"], shell: unread.shell)
    try await withPod(on: engine, file, settings) { pod in
      try await eventually("all is written", within: .seconds(180)) {
        FileManager.default.fileExists(atPath: pod.sandbox.path("done"))
      }
      if ending == .told || ending == .toldTwice {
        pod.send(SIGTERM)
        if ending == .toldTwice { pod.send(SIGTERM) }
      } else {
        try pod.sandbox.write("go", "")
      }
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.status == ending.status, "\(end)")
      if unread == .stdout {
        let words = "of standard output were not written: no process reads them"
        let line = end.stderr.first { $0.contains(words) }
        let count = line?.firstMatch(of: /([0-9]+) bytes of/).flatMap { Int($0.1) }
        #expect((count ?? 0) > 100, "\(end)")
      }
    }
  }

  @Test("is complete if the reader starts late")
  func late() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          stop_signal: SIGKILL
          command:
            - sh
            - -c
            - 'i=0; while [ $$i -lt 3000 ]; do i=$$((i + 1)); echo "line $$i of this service"; done; echo over;
              exec sleep 1000'
      """
    let shell = #"mkfifo full; exec "$@" 1<>full"#
    try await withPod(on: engine, file, PodSettings(shell: shell)) { pod in
      let reader = Command("/bin/cat", [pod.sandbox.path("full")])
      try await eventually("the pipe") {
        FileManager.default.fileExists(atPath: pod.sandbox.path("full"))
      }
      try await eventually("a container", within: .seconds(180)) {
        try await engine.docker("logs", "\(pod.task)_web").run().stdout.contains("over")
      }
      let reading = try reader.start()
      defer { reading.send(SIGKILL) }
      try await reading.line("the last line", within: .seconds(300)) { $0 == "web | over" }
      let lines = reading.lines().filter { $0.hasPrefix("web | line ") }
      #expect(lines == (1...3000).map { "web | line \($0) of this service" })
      #expect(reading.text().contains("TASK_RUNNING"))
    }
  }
}
