import Concurrency
import Foundation
import TestSupport
import Testing

/// RUNNING_CASES=all runs every case, otherwise a tenth of them, which TEST_SEED repeats.
/// RUNNING_ONLY runs those whose names have one of its prefixes, separated by commas.
@Suite("A container's view is the same as under Compose", .needsEngine, .broad)
struct RunningTests {
  @Test("service by service, in every form of its keys", arguments: TestEngine.all)
  func services(on engine: TestEngine) async throws {
    let tables = try RunningTable.all()
    let api = try await engine.docker("version", "--format", "{{.Server.APIVersion}}").output()
    let cases = RunningChoice.of(
      tables.flatMap(\.rows).filter { $0.runs(on: engine, api: api) }.flatMap(\.cases))
    let lanes = try RunningChoice.lanes(cases).map { lane in
      try lane.map { try RunningProject($0, of: tables) }
    }
    try await Self.compare(lanes, on: engine, "services")
  }

  @Test(
    "project by project: merging, order, scale, sharing and exits",
    arguments: TestEngine.all)
  func projects(on engine: TestEngine) async throws {
    let projects = RunningChoice.of(try RunningProject.all())
    try await Self.compare(projects.map { [$0] }, on: engine, "projects")
  }

  @Test(
    "with the same refusals as Compose or the engine, with location", arguments: TestEngine.all)
  func refusals(on engine: TestEngine) async throws {
    let started = ContinuousClock.now
    let all = RunningChoice.of(try RunningRefusal.all())
    let counts = try await RunningChoice.each(all, width: 3) { one in
      var count = RunningCount()
      count.add([one.description], try await one.findings(on: engine))
      if Self.takesAll { count.report() }
      return count
    }
    RunningCount.conclude(counts, "refusals on \(engine)", ContinuousClock.now - started)
  }

  @Test("except for the differences in docs/compose.md, which have real cases")
  func documented() throws {
    let text = try SourceTree.text("docs/compose.md")
    #expect(text.contains(RunningDifference.table))
    let tables = try RunningTable.all()
    let services = tables.flatMap(\.rows).flatMap(\.cases).map(\.description)
    let names =
      services + ["namespaces-owner"]
      + (try RunningProject.all().map(\.description))
      + (try RunningRefusal.all().map(\.description))
    for word in RunningDifference.all.flatMap(\.cases) {
      #expect(names.contains { RunningChoice.matches($0, word) }, "\(word)")
    }
    let twice = Dictionary(grouping: names) { $0 }.filter { $1.count > 1 }.keys.sorted()
    #expect(twice == [])
    #expect(names.count >= 800)
  }

  /// True for a run that is long enough to print its progress.
  private static var takesAll: Bool {
    ["RUNNING_CASES", "RUNNING_ONLY"].contains { ProcessInfo.processInfo.environment[$0] != nil }
  }

  /// Starts projects on both sides, two lanes at a time.
  private static func compare(
    _ lanes: [[RunningProject]], on engine: TestEngine, _ what: String
  ) async throws {
    let started = ContinuousClock.now
    let counts = try await RunningChoice.each(lanes, width: 2) { lane in
      var count = RunningCount()
      for project in lane {
        do {
          count.add(project.names, try await Self.findings(of: project, on: engine))
        } catch {
          count.fail(project.names, "\(error)")
        }
      }
      if takesAll { count.report() }
      return count
    }
    RunningCount.conclude(counts, "\(what) on \(engine)", ContinuousClock.now - started)
  }

  /// All engines of the tests publish ports of one host.
  private static let portGate = AsyncSemaphore(value: 1)

  private static func findings(
    of project: RunningProject, on engine: TestEngine
  ) async throws -> [RunningFinding] {
    func compared() async throws -> [RunningFinding] {
      let theirs = try await RunningSide.of(project, .theirs, on: engine)
      let ours = try await RunningSide.of(project, .ours, on: engine)
      return try RunningComparison(project, ours: ours, theirs: theirs).findings
    }
    guard project.names.contains(where: { $0.hasPrefix("ports-") }) else {
      return try await compared()
    }
    return try await portGate.withPermit { try await compared() }
  }
}

/// The selection of cases, and their combination into projects.
enum RunningChoice {
  private static let variables = ProcessInfo.processInfo.environment

  /// All cases, a tenth, or those with a name.
  static func of<Case: CustomStringConvertible>(_ cases: [Case]) -> [Case] {
    if let only = variables["RUNNING_ONLY"] {
      let prefixes = only.split(separator: ",")
      return cases.filter { one in prefixes.contains { "\(one)".hasPrefix($0) } }
    }
    if variables["RUNNING_CASES"] == "all" { return cases }
    let seed = SeededGenerator(for: "running cases").seed
    return cases.enumerated().filter { $0.offset % 10 == Int(seed % 10) }.map(\.element)
  }

  /// Whether a name matches a word, which may end in `*`.
  static func matches(_ name: String, _ word: String) -> Bool {
    word.hasSuffix("*") ? name.hasPrefix(word.dropLast()) : name == word
  }

  /// Cases that can share a project. Those of one table use the same names and addresses: cases
  /// that don't fit into one project follow it in the same lane.
  static func lanes(_ cases: [RunningCase]) -> [[[RunningCase]]] {
    var lanes: [[[RunningCase]]] = []
    var tables: [[RunningCase]] = []
    for one in cases {
      if tables.last?.last?.row.table == one.row.table {
        tables[tables.count - 1].append(one)
      } else {
        tables.append([one])
      }
    }
    for table in tables {
      if let last = lanes.last, last.count == 1, last[0].count + table.count <= 40 {
        lanes[lanes.count - 1][0] += table
      } else {
        lanes.append(
          stride(from: 0, to: table.count, by: 40).map {
            Array(table[$0..<min($0 + 40, table.count)])
          })
      }
    }
    return lanes
  }

  /// Does something for each item, `width` at the same time.
  static func each<Item: Sendable, Result: Sendable>(
    _ items: [Item], width: Int, _ body: @escaping @Sendable (Item) async throws -> Result
  ) async throws -> [Result] {
    try await withThrowingTaskGroup(of: Result.self) { group in
      var results: [Result] = []
      for (index, item) in items.enumerated() {
        if index >= width, let result = try await group.next() { results.append(result) }
        group.addTask { try await body(item) }
      }
      for try await result in group { results.append(result) }
      return results
    }
  }
}

/// The number of cases that are the same on both sides.
struct RunningCount: Sendable {
  private var same = 0
  private var documented = 0
  private var different = 0
  private var findings: [String] = []

  mutating func add(_ names: [String], _ found: [RunningFinding]) {
    // A project with one case is reported as that case, whatever the names of its services.
    let isOne = names.count == 1
    let found = found.map { finding in
      var finding = finding
      if isOne, finding.name != names[0] { finding.project = names[0] }
      return finding
    }
    let rest = found.filter { !RunningDifference.explains($0) }
    let (all, wrong) = (Set(found.map(\.title)), Set(rest.map(\.title)))
    same += names.filter { !all.contains($0) }.count
    documented += names.filter { all.contains($0) && !wrong.contains($0) }.count
    different += names.filter(wrong.contains).count
    findings += rest.map(\.description)
  }

  mutating func fail(_ names: [String], _ why: String) {
    different += names.count
    findings.append(why)
  }

  /// Prints the findings so far.
  func report() { for finding in findings { print(finding) } }

  /// Prints the sums, and records unexplained findings.
  static func conclude(_ counts: [RunningCount], _ what: String, _ time: Duration) {
    func sum(_ path: KeyPath<RunningCount, Int>) -> Int {
      counts.reduce(0) { $0 + $1[keyPath: path] }
    }
    print(
      "\(what): \(sum(\.same)) the same, \(sum(\.documented)) documented,"
        + " \(sum(\.different)) different, in \(time.components.seconds) s")
    for finding in counts.flatMap(\.findings) { Issue.record("\(finding)") }
  }
}
