import AgentStandIn
import Foundation
import TestSupport
import Testing

/// The test sends the signals of crashes: a process handles them like those of its own crash.
@Suite("A program that crashes", .needsEngine, .throttled)
struct CrashReportTests {
  static let signals: [(number: Int32, name: String)] = [
    (SIGSEGV, "SIGSEGV"), (SIGILL, "SIGILL"), (SIGBUS, "SIGBUS"), (SIGFPE, "SIGFPE"),
    (SIGTRAP, "SIGTRAP"), (SIGABRT, "SIGABRT"),
  ]

  private func expectReport(
    _ text: String, _ program: String, _ number: Int32, _ name: String, _ hint: String
  ) {
    let line = "\(program): crashed by signal \(number) (\(name)), please report this\(hint)"
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.filter { $0 == line }.count == 1, "\(text.suffix(2000))")
    let trace = lines.filter { $0.hasPrefix("\(program): crashed at 0x") }
    #expect(trace.count == 1 && trace[0].contains(", loaded at 0x"), "\(text.suffix(2000))")
  }

  private static let hint = "; pod-reaper removes the pod"

  @Test("reports each signal on stderr, exits by it, and its pod is removed like any other")
  func run() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      try await ReaperService.with(site) { _ in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (number, name) in Self.signals {
            group.addTask { try await crash(by: number, name, at: site) }
          }
          try await group.waitForAll()
        }
      }
    }
  }

  private func crash(by number: Int32, _ name: String, at site: ReaperSite) async throws {
    try await withPod(on: site.engine, smallPod) { pod in
      try await pod.running()
      pod.send(number)
      let end = try await pod.ended(within: .seconds(300))
      #expect(end.status == .signaled(number), "\(end)")
      expectReport(
        end.stderr.joined(separator: "\n"), "compose-executor", number, name, Self.hint)
      try await eventually("nothing is left", within: .seconds(300)) {
        try await Leftovers.of(run: pod.run, on: site.engine).isEmpty
      }
    }
  }

  @Test("leaves its report in the sandbox, and the agent reports its exit")
  func mesos() async throws {
    let host = try #require(MesosHost.linux.first)
    try await withReaperSite(on: host.engine) { site in
      try await ReaperService.with(site) { _ in
        var settings = MesosSettings()
        // The agent removes its cgroups.
        settings.leavesContainers = true
        try await withMesosPod(on: host, obedient, settings) { pod in
          try await pod.running()
          kill(pod.run.pid, SIGILL)
          #expect(try await pod.exited() == .signaled(SIGILL))
          expectReport(
            pod.run.text("stderr"), "compose-executor", SIGILL, "SIGILL", Self.hint)
          #expect(try await pod.ended().source == "SOURCE_AGENT")
          try await eventually("nothing is left", within: .seconds(300)) {
            try await pod.containers().isEmpty
          }
        }
      }
    }
  }

  @Test("is terminated by the signal even if its stderr is not read")
  func unread() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      try await ReaperService.with(site) { _ in
        var settings = PodSettings()
        // The executor has both ends of the pipe, and reads none.
        settings.shell = "mkfifo full; exec 3<> full; exec \"$@\" 2>&3"
        try await withPod(on: engine, smallPod, settings) { pod in
          try await pod.running()
          let pipe = open(pod.sandbox.path("full"), O_WRONLY | O_NONBLOCK | O_CLOEXEC)
          defer { close(pipe) }
          let zeros = [UInt8](repeating: 0, count: 4096)
          while write(pipe, zeros, zeros.count) > 0 {}
          #expect(pipe >= 0 && errno == EAGAIN)
          pod.send(SIGSEGV)
          #expect(try await pod.executor.exit(within: .seconds(300)) == .signaled(SIGSEGV))
          try await eventually("nothing is left", within: .seconds(300)) {
            try await Leftovers.of(run: pod.run, on: engine).isEmpty
          }
        }
      }
    }
  }

  @Test("can be pod-reaper, which reports it too")
  func reaper() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withReaperSite(on: engine) { site in
      let service = try await ReaperService.start(site)
      service.process.send(SIGTRAP)
      let end = try await service.process.result(within: .seconds(300))
      #expect(end.status == .signaled(SIGTRAP))
      expectReport(
        end.stderr, "pod-reaper", SIGTRAP, "SIGTRAP",
        "; objects of dead executors remain until it is started again")
    }
  }
}
