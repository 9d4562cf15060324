import Foundation
import TestSupport
import Testing

/// Many pods on one host. MANY_PODS is their number; `make soak` uses 60.
@Suite("Many pods with shared namespaces", .needsEngine, .heavy)
struct ManyPodsTests {
  /// Docker's default address pools have 30 networks: with a network for each pod, the 31st pod
  /// would fail.
  private static let count =
    ProcessInfo.processInfo.environment["MANY_PODS"].flatMap { Int($0) } ?? 32

  private static let file = """
    services:
      front: {image: founding/base, ports: ["80:80"]}
      left: {image: founding/base}
      right: {image: founding/base}
    """

  /// The times and the memory of one pod.
  private struct Figures {
    var launch: Duration
    var end: Duration
    /// Of its executor, in KiB.
    var resident: Int
  }

  @Test("all run at the same time, and leave no object")
  func many() async throws {
    let engine = try #require(TestEngine.all.first)
    let framework = "many-\(UUID().uuidString.prefix(8).lowercased())"
    let launching = Slots(8)
    let ending = Slots(8)
    let all = Gate(Self.count)
    let free = try availableMemory()
    let clock = ContinuousClock()
    let begin = clock.now
    let used = Task {
      await all.wait()
      return (memory: free - (try availableMemory()), time: clock.now - begin)
    }
    let counting = Task {
      await all.wait()
      return try await engine.docker(
        "ps", "-q", "--filter", "label=mesos.framework_id=\(framework)"
      ).output().split(separator: "\n").count
    }
    let figures = try await withThrowingTaskGroup(of: Figures.self) { group in
      for _ in 0..<Self.count {
        group.addTask {
          try await Self.live(engine, framework, launching, ending, all) {
            // No pod stops before all have been counted.
            _ = await counting.result
            _ = await used.result
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    // Three services and the infrastructure container.
    #expect(try await counting.value == 4 * Self.count)
    let left = try await engine.docker(
      "ps", "-aq", "--filter", "label=mesos.framework_id=\(framework)"
    ).output()
    #expect(left.isEmpty)
    let (memory, time) = try await used.value
    print(
      """
      \(Self.count) pods of three containers: running after \(Self.words(time)), launched eight at a time; \
      per pod: launch \(Self.median(figures.map(\.launch))), end \(Self.median(figures.map(\.end))), \
      \(figures.map(\.resident).sorted()[figures.count / 2]) KiB of its executor, \
      \(memory / Self.count) KiB of the host
      """)
  }

  private static func median(_ times: [Duration]) -> String {
    words(times.sorted()[times.count / 2])
  }

  private static func words(_ time: Duration) -> String { "\(Int(time / .milliseconds(1))) ms" }

  /// One pod: launched when a slot is free, stopped after all pods have run.
  private static func live(
    _ engine: TestEngine, _ framework: String, _ launching: Slots, _ ending: Slots, _ all: Gate,
    _ together: @escaping @Sendable () async -> Void
  ) async throws -> Figures {
    await launching.take()
    let clock = ContinuousClock()
    let begin = clock.now
    let settings = PodSettings(
      ports: try FreePorts.take(1),
      options: ["--share", "net,pid", "--framework-id", framework, "--grace", "2s"])
    return try await withPod(on: engine, file, settings) { pod in
      var figures = Figures(launch: .zero, end: .zero, resident: 0)
      do {
        try await pod.running(within: .seconds(300))
      } catch {
        await launching.give()
        await all.arrive()
        throw error
      }
      figures.launch = clock.now - begin
      figures.resident = try ProcessFacts.kilobytes("VmRSS", of: pod.executor.pid)
      await launching.give()
      await all.arrive()
      await together()
      await ending.take()
      let stop = clock.now
      pod.send(SIGTERM)
      do {
        let end = try await pod.ended(within: .seconds(300))
        #expect(end.status == .exited(130), "\(end)")
      } catch {
        await ending.give()
        throw error
      }
      figures.end = clock.now - stop
      await ending.give()
      return figures
    }
  }

  /// The host's available memory, in KiB.
  private func availableMemory() throws -> Int {
    let text = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") } ?? ""
    return line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first ?? 0
  }
}

/// Limits the number of tasks that do something at the same time.
private actor Slots {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = count }

  func take() async {
    if free > 0 {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func give() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}

/// Opens when the expected number has arrived.
private actor Gate {
  private var missing: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { missing = count }

  func arrive() {
    missing -= 1
    if missing == 0 {
      for one in waiting { one.resume() }
      waiting = []
    }
  }

  func wait() async {
    if missing > 0 { await withCheckedContinuation { waiting.append($0) } }
  }
}
