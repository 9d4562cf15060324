import Foundation
import TestSupport
import Testing

/// Limits the number of pods that run at the same time to the capacity of a small machine.
struct Throttle: SuiteTrait, TestTrait, TestScoping {
  /// The share of the machine that each case uses; all of it is `Machine.width`.
  let weight: Int

  var isRecursive: Bool { true }

  func scopeProvider(for test: Test, testCase: Test.Case?) -> Throttle? {
    testCase == nil ? nil : self
  }

  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    // A test's own weight replaces its suite's: two tests that held one share and waited for the
    // other would deadlock.
    let outer = Machine.held
    if outer > 0 { await Machine.shared.give(outer) }
    await Machine.shared.take(weight)
    let timer = TestTimer()
    let result: Result<Void, any Error>
    do {
      result = .success(try await Machine.$held.withValue(weight) { try await function() })
    } catch {
      result = .failure(error)
    }
    timer.stop()
    await Machine.shared.give(weight)
    if outer > 0 { await Machine.shared.take(outer) }
    try result.get()
  }
}

extension Trait where Self == Throttle {
  /// Runs in parallel to a few others.
  static var throttled: Throttle { Throttle(weight: 1) }
  /// Measures, or moves much data: little else runs meanwhile.
  static var heavy: Throttle { Throttle(weight: Machine.width - 1) }
  /// Has many containers at once, and measures nothing.
  static var broad: Throttle { Throttle(weight: Machine.width / 2) }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test if no Docker Engine is configured.
  static var needsEngine: ConditionTrait {
    .enabled(if: !TestEngine.all.isEmpty, "needs a Docker Engine: make test")
  }

  /// Skips a test if there is no such engine, or its hierarchy lacks a controller.
  static func needs(_ controller: String, on engine: TestEngine?) -> ConditionTrait {
    .enabled(
      if: engine?.has(controller) == true,
      "cgroup v2 has no \(controller) controller on this host")
  }
}

/// The duration of a test case, without waiting for its turn.
struct TestTimer {
  private let start = ContinuousClock.now

  /// Appends the seconds and the test's name to the file in TEST_TIMES.
  func stop() {
    guard let path = ProcessInfo.processInfo.environment["TEST_TIMES"], let test = Test.current
    else { return }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let line = Array(String(format: "%.1f", seconds).utf8) + Array("\t\(test.id)\n".utf8)
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    write(file, line, line.count)
    close(file)
  }
}

/// Assigns shares of the machine, first come first served.
actor Machine {
  static let shared = Machine()
  /// The number of shares: tests wait for most of their time, so there are several per CPU. With
  /// four per CPU, tests that flood a program have too little CPU time.
  static let width =
    ProcessInfo.processInfo.environment["TEST_WIDTH"].flatMap { Int($0) }
    ?? max(4, 2 * ProcessInfo.processInfo.activeProcessorCount)

  /// The shares of the running test case.
  @TaskLocal static var held = 0

  private var free = width
  private var waiting: [(weight: Int, go: CheckedContinuation<Void, Never>)] = []

  func take(_ weight: Int) async {
    if waiting.isEmpty, free >= weight {
      free -= weight
      return
    }
    await withCheckedContinuation { waiting.append((weight, $0)) }
  }

  func give(_ weight: Int) {
    free += weight
    while let first = waiting.first, free >= first.weight {
      free -= first.weight
      waiting.removeFirst()
      first.go.resume()
    }
  }
}

extension TestEngine {
  /// Whether the hierarchy of this engine has a controller.
  func has(_ controller: String) -> Bool {
    guard cgroups == .v2 else { return (try? Hierarchy.root(of: controller)) ?? nil != nil }
    let root = (try? Hierarchy.unifiedRoot()) ?? nil
    let file = (root ?? "/sys/fs/cgroup") + "/cgroup.controllers"
    let there = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    return there.split(whereSeparator: \.isWhitespace).contains { $0 == controller }
  }
}
