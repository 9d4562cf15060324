import Foundation
import Logging
import PodIdentity
import Synchronization
import TestSupport
import Testing

@testable import Reaping

@Suite("The service's health")
struct HealthTests {
  private let start = SuspendingClock.now
  private let interval = Duration.seconds(60)

  @Test("is good for three intervals without a pass, then bad until the next one")
  func intervals() throws {
    let health = Health(now: start)
    #expect(health.problem(every: interval, at: start + .seconds(180)) == nil)
    let late = try #require(health.problem(every: interval, at: start + .seconds(181)))
    #expect(late.callsForRestart)
    #expect(late.text == "no pass was completed for 3 min")
    health.passBegins()
    health.passEnds(isFull: true, at: start + .seconds(200))
    #expect(health.problem(every: interval, at: start + .seconds(380)) == nil)
    // An observation of only one run is not a full pass.
    health.passBegins()
    health.passEnds(isFull: false, at: start + .seconds(381))
    #expect(health.problem(every: interval, at: start + .seconds(381)) != nil)
  }

  @Test("isn't bad because a pass takes long")
  func working() {
    let health = Health(now: start)
    health.passBegins()
    #expect(health.problem(every: interval, at: start + .seconds(1000)) == nil)
    health.passFailed("the lock", .own)
    #expect(health.problem(every: interval, at: start + .seconds(1000)) != nil)
  }

  @Test("names the reason; an unavailable engine or a socket doesn't require a restart")
  func reasons() {
    let health = Health(now: start)
    health.passFailed("no inode", .own)
    let own = health.problem(every: interval, at: start + .seconds(181))
    #expect(own?.text.hasSuffix(": no inode") == true && own?.callsForRestart == true)
    health.passFailed("connection refused", .engine)
    let engine = health.problem(every: interval, at: start + .seconds(181))
    #expect(engine?.text.hasSuffix(": connection refused") == true)
    #expect(engine?.callsForRestart == false)
    health.record(missing: ["lease.sock is gone"])
    let socket = health.problem(every: interval, at: start)
    #expect(socket == Health.Problem(text: "lease.sock is gone", callsForRestart: false))
    health.record(missing: [])
    #expect(health.problem(every: interval, at: start) == nil)
  }

  @Test("is a metric, and the first line of status if it is bad")
  func shown() throws {
    #expect(Metrics.text(Counters()).contains("\npod_reaper_healthy 1\n"))
    #expect(Metrics.text(Counters(), isHealthy: false).contains("\npod_reaper_healthy 0\n"))
    var report = PassReport()
    report.service = ServiceReport(healthy: true, secondsSincePass: 1)
    #expect(ReportTable.text(report) == "no pods")
    report.service = ServiceReport(healthy: false, problem: "no pass", secondsSincePass: 1)
    #expect(ReportTable.text(report) == "UNHEALTHY: no pass\nno pods")
    #expect(try report.json().contains(#""service":{"healthy":false"#))
  }
}

@Suite("Suppressed log messages")
struct LogLimitTests {
  private let site = LogLimit.Site(file: "a", line: 1)

  @Test("are counted: 100 of 100,000 lines of one statement are written, and one with the count")
  func flood() async throws {
    let limit = LogLimit(most: 100, span: .seconds(2))
    let reports = Mutex<[LogLimit.Held]>([])
    var written = 0
    for number in 1...100_000 {
      let isAdmitted = limit.admits(site, "line \(number)", .warning) { held in
        reports.withLock { $0.append(held) }
      }
      if isAdmitted { written += 1 }
    }
    try await eventually("the count") { reports.withLock { $0.count } >= 1 }
    let all = reports.withLock { $0 }
    let held = try #require(all.first)
    // A slow machine can need longer than one span: each has its own limit.
    #expect(written >= 100 && written + held.count <= 100_000)
    #expect(held.level == .warning && held.message.hasPrefix("line "))
    #expect(
      LogLimit.Held(count: 25_990, message: "x", level: .info).text
        == "… and 25,990 more like it: x")
    #expect(
      LogLimit.Held(count: 999, message: "x", level: .info).text == "… and 999 more like it: x")
    #expect(
      LogLimit.Held(count: 1_234_567, message: "x", level: .info).text
        == "… and 1,234,567 more like it: x")
  }

  @Test("are counted per statement: others are written, and the same again after the span")
  func sites() async throws {
    let limit = LogLimit(most: 1, span: .milliseconds(50))
    let reports = Mutex(0)
    func admits(_ line: UInt) -> Bool {
      limit.admits(LogLimit.Site(file: "a", line: line), "x", .info) { _ in
        reports.withLock { $0 += 1 }
      }
    }
    let first = (admits(1), admits(1), admits(2))
    #expect(first.0 && first.2)
    try await eventually("the next span") { admits(1) }
    try await eventually("the count") { first.1 || reports.withLock { $0 } >= 1 }
  }

  @Test("are written at the end")
  func end() {
    let limit = LogLimit(most: 1)
    for _ in 0..<4 { _ = limit.admits(site, "x", .error) { _ in } }
    #expect(limit.takeAll() == [LogLimit.Held(count: 3, message: "x", level: .error)])
    #expect(limit.takeAll() == [])
  }
}
