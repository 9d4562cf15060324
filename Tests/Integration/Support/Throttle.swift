import Foundation
import TestSupport
import Testing

/// Keeps the number of pods that live at the same time within what a small machine can do.
struct Throttle: SuiteTrait, TestTrait, TestScoping {
  /// How much of the machine each case takes; all of it is `Machine.width`.
  let weight: Int

  var isRecursive: Bool { true }

  func scopeProvider(for test: Test, testCase: Test.Case?) -> Throttle? {
    testCase == nil ? nil : self
  }

  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    // A test's own weight takes the place of its suite's: two tests that held one and waited for the other would wait for ever.
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
  /// Runs beside a few others.
  static var throttled: Throttle { Throttle(weight: 1) }
  /// Measures, or moves much data: little else runs meanwhile.
  static var heavy: Throttle { Throttle(weight: Machine.width - 1) }
  /// Has many containers at once, and measures nothing.
  static var broad: Throttle { Throttle(weight: Machine.width / 2) }
}

extension Trait where Self == ConditionTrait {
  /// Skips where the tests were given no Docker Engine.
  static var needsEngine: ConditionTrait {
    .enabled(if: !TestEngine.all.isEmpty, "needs a Docker Engine: make test")
  }

  /// Skips by name where there is no such engine, or its hierarchy lacks a controller.
  static func needs(_ controller: String, on engine: TestEngine?) -> ConditionTrait {
    .enabled(
      if: engine?.has(controller) == true,
      "cgroup v2 has no \(controller) controller on this host")
  }
}

/// The time that a test case takes once it has its turn.
struct TestTimer {
  private let start = ContinuousClock.now

  /// Appends the seconds and the test's name to the file that TEST_TIMES names.
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

/// Hands out shares of the machine, first come first served.
actor Machine {
  static let shared = Machine()
  /// The shares that there are: tests wait for most of their time, so there are several for each processor. With four
  /// for each, tests that flood a program have too little of it.
  static let width =
    ProcessInfo.processInfo.environment["TEST_WIDTH"].flatMap { Int($0) }
    ?? max(4, 2 * ProcessInfo.processInfo.activeProcessorCount)

  /// What the running test case holds of it.
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
  /// Whether the hierarchy that this engine works with has a controller.
  func has(_ controller: String) -> Bool {
    guard cgroups == .v2 else { return (try? Hierarchy.root(of: controller)) ?? nil != nil }
    let root = (try? Hierarchy.unifiedRoot()) ?? nil
    let file = (root ?? "/sys/fs/cgroup") + "/cgroup.controllers"
    let there = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
    return there.split(whereSeparator: \.isWhitespace).contains { $0 == controller }
  }
}
