import Compose
import Foundation
import MesosExecutor
import Testing
import YAML

@testable import Executor

func task(_ json: String) throws -> TaskInfo {
  let whole = #"{"name": "t", "task_id": {"value": "t"}, "agent_id": {"value": "a"}, \#(json)}"#
  return try JSONDecoder().decode(TaskInfo.self, from: Data(whole.utf8))
}

@Suite("A task's ports")
struct TaskPortsTests {
  @Test("are valid port numbers, each once, however many ranges contain them")
  func ports() throws {
    func offered(_ ranges: [(UInt64, UInt64)]) throws -> [UInt16]? {
      let list = ranges.map { #"{"begin": \#($0.0), "end": \#($0.1)}"# }.joined(separator: ",")
      let fields =
        #""resources": [{"name": "ports", "type": "RANGES", "ranges": {"range": [\#(list)]}}]"#
      return OfferedPorts.offered(to: try task(fields), environment: [:])
    }
    #expect(
      try offered([(0, 0), (70_000, 80_000), (.max, .max), (31_000, 31_001)]) == [31_000, 31_001])
    #expect(try offered([(5, 7), (6, 8)]) == [5, 6, 7, 8])
    let all = try offered(Array(repeating: (0, .max), count: 3000))
    #expect(all?.count == 65_535)
  }

  private let marathon = #"""
    "resources": [
      {"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.5}},
      {"name": "ports", "type": "RANGES", "role": "*", "ranges": {"range": [
        {"begin": 31890, "end": 31890}, {"begin": 31000, "end": 31001}]}}]
    """#

  @Test("have the order of the ranges, and are never sorted")
  func ranges() throws {
    #expect(
      OfferedPorts.offered(to: try task(marathon), environment: [:]) == [31890, 31000, 31001])
  }

  @Test("have the order of PORTS, if all its numbers are offered")
  func environment() throws {
    let task = try task(marathon)
    #expect(
      OfferedPorts.offered(to: task, environment: ["PORTS": "31001,31890,31000"])
        == [31001, 31890, 31000])
    #expect(
      OfferedPorts.offered(to: task, environment: ["PORTS": "31001,8080"]) == [31890, 31000, 31001])
    #expect(
      OfferedPorts.offered(to: task, environment: ["PORTS": "31001,31001"]) == [
        31890, 31000, 31001,
      ])
  }

  @Test("have the order of the discovery ports, if PORTS isn't set")
  func discovery() throws {
    let task = try task(
      marathon
        + #", "discovery": {"visibility": "FRAMEWORK", "ports": {"ports": [{"number": 31001}, {"number": 31890}]}}"#
    )
    #expect(OfferedPorts.offered(to: task, environment: [:]) == [31001, 31890])
  }

  @Test("of several resources follow each other")
  func roles() throws {
    let task = try task(
      #"""
      "resources": [
        {"name": "ports", "type": "RANGES", "role": "a", "ranges": {"range": [{"begin": 31005, "end": 31005}]}},
        {"name": "ports", "type": "RANGES", "role": "*", "ranges": {"range": [{"begin": 31000, "end": 31000}]}}]
      """#)
    #expect(OfferedPorts.offered(to: task, environment: [:]) == [31005, 31000])
  }

  @Test("are nil without such a resource")
  func none() throws {
    #expect(
      OfferedPorts.offered(to: try task(#""resources": []"#), environment: ["PORTS": "1"]) == nil)
  }
}

@Suite("A task's Compose files")
struct TaskFilesTests {
  private func paths(_ labels: String, make: [String] = ["a.yaml", "b.yaml"]) throws -> [String] {
    let sandbox = FileManager.default.temporaryDirectory
      .appendingPathComponent("sandbox-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: sandbox, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: sandbox) }
    for name in make { try Data().write(to: sandbox.appendingPathComponent(name)) }
    try FileManager.default.createSymbolicLink(
      atPath: sandbox.path + "/link.yaml", withDestinationPath: "/etc/hostname")
    return try ComposeFileLocator(
      task: try task(#""labels": {"labels": [\#(labels)]}"#), sandbox: sandbox.path
    )
    .paths.map { String($0.dropFirst(sandbox.path.count + 1)) }
  }

  @Test("are those of the label, in its order")
  func label() throws {
    #expect(try paths(#"{"key": "fileName", "value": "b.yaml, a.yaml"}"#) == ["b.yaml", "a.yaml"])
    #expect(try paths("") == [])
  }

  @Test("are those of the label in Aurora's notation")
  func aurora() throws {
    #expect(
      try paths(#"{"key": "org.apache.aurora.metadata.fileName", "value": "a.yaml"}"#)
        == ["a.yaml"])
  }

  @Test(
    "are refused if they leave the sandbox or don't exist",
    arguments: ["../a.yaml", "/etc/hostname", "link.yaml", "missing.yaml", ",", "a.yaml,../../x"])
  func outside(name: String) {
    #expect(throws: DiagnosticError.self) {
      try paths(#"{"key": "fileName", "value": "\#(name)"}"#)
    }
  }
}

@Suite("Health")
struct HealthVerdictTests {
  private func changes(
    _ results: [Bool], grace: Int = 0, failures: UInt32 = 3
  ) -> [HealthVerdict.Change] {
    var verdict = HealthVerdict(
      check: HealthCheck(
        probe: nil, gracePeriod: .seconds(grace), consecutiveFailures: failures))
    return results.enumerated().map { index, isPassed in
      verdict.record(isPassed: isPassed, after: .seconds(index + 1))
    }
  }

  @Test("is reported when it changes, and hopeless after a number of consecutive failures")
  func changes() {
    #expect(
      changes([true, true, false, false, true, false, false, false]) == [
        .changed(isHealthy: true), .same, .changed(isHealthy: false), .same,
        .changed(isHealthy: true), .changed(isHealthy: false), .same, .hopeless,
      ])
  }

  @Test("ignores failures in the grace period before the first success")
  func grace() {
    #expect(
      changes([false, false, false, false, false, false], grace: 3)
        == [.same, .same, .same, .changed(isHealthy: false), .same, .hopeless])
    #expect(
      changes([true, false, false, false], grace: 100).last == .hopeless)
  }
}

@Suite("The shutdown grace period")
struct ShutdownPlanTests {
  @Test("reserves the larger of 2 s and 40 % for removal and the terminal update")
  func shares() {
    #expect(ShutdownPlan(gracePeriod: .seconds(5)).grace == .seconds(3))
    #expect(ShutdownPlan(gracePeriod: .seconds(60)).grace == .seconds(36))
    #expect(ShutdownPlan(gracePeriod: .seconds(1)).grace == .zero)
  }

  @Test("is never exceeded", arguments: [1, 2, 3, 5, 10, 60, 600])
  func bounded(seconds: Int) {
    let plan = ShutdownPlan(gracePeriod: .seconds(seconds))
    #expect(plan.exit < .seconds(seconds))
    #expect(plan.grace + plan.cleanup <= plan.exit || seconds < 2)
  }
}
