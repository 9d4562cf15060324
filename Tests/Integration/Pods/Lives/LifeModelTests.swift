import Testing

/// The model rejects each kind of history that a pod must not have, and accepts the allowed ones.
@Suite("The model of a pod's lifecycle")
struct LifeModelTests {
  /// An allowed history, one change to it, and the rule that the change breaks; nil for none.
  struct Sample: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let rule: LifeComplaint.Rule?
    let scene: LifeScene

    init(
      _ name: String, _ rule: LifeComplaint.Rule?, of scene: LifeScene = .plain,
      _ change: (inout LifeScene) -> Void = { _ in }
    ) {
      testDescription = name
      self.rule = rule
      var scene = scene
      change(&scene)
      self.scene = scene
    }
  }

  @Test("checks signals during the stop of a pod", arguments: signalSamples)
  func signals(sample: Sample) { check(sample) }

  private static let signalSamples = [
    Sample("all in order", nil),
    Sample("no stop signal before SIGKILL", .signals) { $0["db"][0].told = (3060, 9) },
    Sample("two stop signals", .signals) { $0["other"][0].more = [(3030, 15)] },
    Sample("another's stop signal is nobody's mistake", nil) {
      $0["other"][0].more = [(3030, 15)]
      $0.history.intrusions = [.init(service: "other", began: 3025, ended: 3035)]
    },
    Sample("another signal", .signals) { $0["other"][0].told = (3010, 2) },
    Sample("its own signal", nil) {
      $0.edit("other") { $0.stopSignal = "INT" }
      $0["other"][0].told = (3010, 2)
      $0["other"][0].received = "INT"
    },
    Sample("SIGKILL as the stop signal", nil) {
      $0.edit("other") { $0.stopSignal = "KILL" }
      $0["other"][0].told = (3010, 9)
      $0["other"][0].received = nil
    },
    Sample("SIGKILL at once", .signals) {
      $0["other"][0].more = [(3150, 9)]
      $0["other"][0].end = (3160, 137)
    },
    Sample("SIGKILL in time", nil) {
      $0["other"][0].more = [(4100, 9)]
      $0["other"][0].end = (4110, 137)
    },
    Sample("SIGKILL after a second TERM", nil) {
      $0.history.terms.append(3100)
      $0["other"][0].more = [(3150, 9)]
      $0["other"][0].end = (3160, 137)
    },
    Sample("a stop signal that never arrived", .signals) {
      $0["other"][0].received = nil
      $0["other"][0].exits = false
      $0["other"][0].more = [(5010, 9)]
      $0["other"][0].end = (5020, 137)
    },
    Sample("a stop signal before the process was ready", nil) {
      $0["other"][0].start = 2950
      $0["other"][0].received = nil
      $0["other"][0].exits = false
      $0["other"][0].more = [(5010, 9)]
      $0["other"][0].end = (5020, 137)
    },
    Sample("killed past the engine", .signals) {
      $0["other"][0].told = nil
      $0["other"][0].exits = false
      $0["other"][0].end = (3050, 137)
    },
    Sample("a pre_start's container killed at once", .signals) {
      $0.edit("other") { $0.preStart = .init(milliseconds: 100) }
      $0["other"] = []
      $0.add(
        "other/pre_start", (500, .started), (3100, .killed(signal: 9)), (3110, .died(code: 137)))
    },
    Sample("a pre_start's container killed by someone else", .outcome) {
      $0.edit("other") { $0.preStart = .init(milliseconds: 100) }
      $0["other"] = []
      $0.history.intrusions = [.init(service: "other", began: 990, ended: 1010)]
      $0.add(
        "other/pre_start", (500, .started), (1000, .killed(signal: 9)), (1010, .died(code: 137)))
      $0.history.terms = [1010 + LifeModel.patience + 1]
    },
    Sample("a pre_start's container told to stop", nil) {
      $0.edit("other") { $0.preStart = .init(milliseconds: 100) }
      $0["other"] = []
      $0.add(
        "other/pre_start", (500, .started), (3020, .killed(signal: 15)), (3110, .died(code: 0)))
    },
  ]

  @Test("checks order, conditions and bounds", arguments: orderSamples)
  func order(sample: Sample) { check(sample) }

  private static let orderSamples = [
    Sample("a dependency told to stop first", .order) { $0["app"][0].end = (3500, 0) },
    Sample("a dependency told to stop after its dependent's SIGKILL", nil) {
      $0["app"][0].more = [(4050, 9)]
      $0["app"][0].end = (4060, 137)
      $0["db"][0].told = (4070, 15)
      $0["db"][0].end = (4100, 0)
    },
    Sample("a second TERM ends the order", nil) {
      $0.history.terms.append(3040)
      $0["app"][0].end = (3500, 0)
    },
    Sample("stopped before the end", .groups) {
      $0["other"][0].told = (2000, 15)
      $0["other"][0].end = (2050, 0)
    },
    Sample("started before what it depends on", .conditions) { $0["app"][0].start = 400 },
    Sample("started before what it depends on is healthy", .conditions) {
      $0.edit("db") { $0.hasHealthcheck = true }
      $0.edit("app") { $0.dependencies[0].condition = .healthy }
      $0["db"][0].healthy = 900
    },
    Sample("started when what it depends on is healthy", nil) {
      $0.edit("db") { $0.hasHealthcheck = true }
      $0.edit("app") { $0.dependencies[0].condition = .healthy }
      $0["db"][0].healthy = 700
    },
    Sample("started before what it depends on has completed", .conditions) {
      $0.edit("app") { $0.dependencies[0].condition = .completed }
    },
    Sample("started during a post_start", .conditions) {
      $0.edit("db") { $0.postStart = .init(milliseconds: 500) }
      $0.add("db/post_start", (650, .began), (1200, .exits(code: 0)))
    },
    Sample("started after a post_start", nil) {
      $0.edit("db") { $0.postStart = .init(milliseconds: 100) }
      $0.add("db/post_start", (650, .began), (750, .exits(code: 0)))
    },
    Sample("started during its own pre_start", .conditions) {
      $0.edit("app") { $0.preStart = .init(milliseconds: 500) }
      $0.add("app/pre_start", (700, .started), (1200, .died(code: 0)))
    },
    Sample("a pre_stop that did not run", .order) {
      $0.edit("other") { $0.preStop = .init(milliseconds: 100) }
    },
    Sample("a pre_stop that an exit came before", nil) {
      $0.edit("other") { $0.preStop = .init(milliseconds: 100) }
      $0["other"][0].end = (3015, 0)
    },
    Sample("a pre_stop after the stop signal", .order) {
      $0.edit("other") { $0.preStop = .init(milliseconds: 100) }
      $0.add("other/pre_stop", (3300, .began))
    },
    Sample("a pre_stop in the middle of a life", .order) {
      $0.edit("other") { $0.preStop = .init(milliseconds: 100) }
      $0.add("other/pre_stop", (2000, .began))
    },
    Sample("a pre_stop before the stop signal", nil) {
      $0.edit("other") { $0.preStop = .init(milliseconds: 0) }
      $0.add("other/pre_stop", (3005, .began), (3008, .exits(code: 0)))
    },
    Sample("told to stop late", .bounds) {
      $0["app"][0].told = (4600, 15)
      $0["app"][0].end = (4650, 0)
      $0["db"][0].told = (4700, 15)
      $0["db"][0].end = (4750, 0)
    },
    Sample("told to stop as soon as those above have exited", nil) {
      $0.round.grace = 6000
      $0["app"][0].end = (4650, 0)
      $0["db"][0].told = (4700, 15)
      $0["db"][0].end = (4750, 0)
    },
    Sample("told to stop long after those above have exited", .bounds) {
      $0.round.grace = 6000
      $0["db"][0].told = (4700, 15)
      $0["db"][0].end = (4750, 0)
    },
    Sample("late after TERM", .bounds) { $0.history.ended = 3000 + 3000 + LifeModel.cleanup + 1 },
    Sample("late after a second TERM", .bounds) {
      $0.history.terms.append(3100)
      $0.history.ended = 3100 + LifeModel.cleanup + 1
    },
    Sample("something left", .leftovers) { $0.history.left = ["network x"] },
    Sample("a fault of the executor", .faults) {
      $0.history.stderr = ["warning: the output of 'app' is not read"]
    },
  ]

  @Test("checks groups that restart", arguments: groupSamples)
  func groups(sample: Sample) { check(sample) }

  private static let groupSamples = [
    Sample("all in order", nil, of: .group),
    Sample("one in a namespace ran on", .groups, of: .group) { $0.runsOn("j") },
    Sample("one in a namespace of the second degree ran on", .groups, of: .group) {
      $0.runsOn("k")
    },
    Sample("one with restart: true ran on", .groups, of: .group) { $0.runsOn("r") },
    Sample("a stranger was stopped", .groups, of: .group) {
      $0["other"][0].told = (2000, 15)
      $0["other"][0].end = (2050, 0)
    },
    Sample("the owner was told before those in its namespace", .order, of: .group) {
      $0["k"][0].end = (1500, 0)
      $0["owner"][1].start = 1600
      $0["j"][0].end = (1550, 0)
      for name in ["j", "k", "r"] { $0[name][1].start = 1900 }
    },
    Sample("started before the one whose namespace it lives in", .groups, of: .group) {
      $0.endsLater(by: 3000)
      $0["k"][1].start = 4800
      $0["j"][1].start = 4900
    },
    Sample("a deaf one was killed before its own time", .signals, of: .group) {
      $0["k"][0].more = [(1250, 9)]
      $0["k"][0].end = (1260, 137)
    },
    Sample("one that had ended started again", .restarts, of: .group) {
      $0["other"] = [
        .init(start: 600, end: (1000, 0)), .init(start: 2500, end: (3050, 0), told: (3010, 15)),
      ]
      $0["owner"][0].end = (1900, 1)
      for name in ["j", "k", "r"] { $0[name][0].told = nil }
      $0["owner"] = [.init(start: 500, end: (3200, 0), told: (3150, 15))]
      for name in ["j", "k", "r"] { $0[name] = [$0[name][1]] }
    },
    Sample(
      "one taken down with its pid namespace, since the owner was stopped first", .signals,
      of: .group
    ) {
      $0["k"][0].told = nil
      $0["k"][0].end = (1185, 137)
    },
    Sample("one taken down with its pid namespace, since the owner exited", nil, of: .group) {
      $0["j"][0].told = nil
      $0["j"][0].end = (1180, 1)
      $0.edit("j") { $0.restart = .onFailure(limit: nil) }
      $0["k"][0].told = nil
      $0["k"][0].end = (1185, 137)
    },
    Sample("one that failed with the owner starts with it", nil, of: .group) {
      $0["r"][0].told = nil
      $0["r"][0].end = (1020, 2)
    },
    Sample("one that ended with the owner starts with it", nil, of: .group) {
      $0["r"][0].told = nil
      $0["r"][0].end = (1020, 0)
    },
    Sample("started long after the end had begun", .restarts, of: .group) {
      $0["owner"][1].end = (2900, 1)
      $0["owner"][1].told = nil
      $0["owner"].append(.init(start: 6100, end: (6200, 137), told: (6150, 15)))
    },
  ]

  private func check(_ sample: Sample) {
    let complaints = sample.scene.complaints
    if let rule = sample.rule {
      #expect(complaints.contains { $0.rule == rule }, "\(complaints)")
    } else {
      #expect(complaints.isEmpty)
    }
  }
}
