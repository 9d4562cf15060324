import TestSupport

/// A constructed history, for tests of the model.
struct LifeScene: Sendable {
  /// One run of a container.
  struct Run: Sendable {
    var start: Int
    var end: (time: Int, code: Int)
    /// The stop signal that the pod sent.
    var told: (time: Int, signal: Int)?
    /// More signals.
    var more: [(time: Int, signal: Int)] = []
    /// The signal that the process received from the pod.
    var received: String? = "TERM"
    /// The process records its exit.
    var exits = true
    var healthy: Int?
    var unhealthy: Int?

    init(start: Int, end: (time: Int, code: Int), told: (time: Int, signal: Int)? = nil) {
      (self.start, self.end, self.told) = (start, end, told)
    }
  }

  var round = LifeCase()
  /// The history without the entries.
  var history = LifeHistory()
  var runs: [String: [Run]] = [:]
  private var more: [LifeHistory.Entry] = []

  subscript(name: String) -> [Run] {
    get { runs[name] ?? [] }
    set { runs[name] = newValue }
  }

  init(_ services: [LifePod.Service]) {
    round.pod.services = services
    history.terms = [3000]
    history.states = [.init(time: 3700, name: "TASK_KILLED", message: "killed by SIGTERM")]
    (history.status, history.ended) = (.exited(130), 3800)
  }

  mutating func edit(_ name: String, _ change: (inout LifePod.Service) -> Void) {
    for index in round.pod.services.indices where round.pod.services[index].name == name {
      change(&round.pod.services[index])
    }
  }

  mutating func add(_ subject: String, _ entries: (Int, LifeHistory.What)...) {
    more += entries.map { .init(time: $0.0, subject: subject, what: $0.1) }
  }

  /// Delays TERM and everything that follows from it.
  mutating func endsLater(by time: Int) {
    history.terms = history.terms.map { $0 + time }
    history.ended += time
    for (name, all) in runs {
      guard var last = all.last else { continue }
      last.end.time += time
      last.told?.time += time
      runs[name] = all.dropLast() + [last]
    }
  }

  /// The service isn't stopped for the restart of another.
  mutating func runsOn(_ name: String) {
    guard let last = self[name].last, let first = self[name].first else { return }
    self[name] = [Run(start: first.start, end: last.end, told: last.told)]
  }

  /// The pod stops by itself.
  mutating func ends(_ state: String, _ message: String, _ code: Int32) {
    history.terms = []
    history.states = [.init(time: 3700, name: state, message: message)]
    history.status = .exited(code)
  }

  var complaints: [LifeComplaint] {
    var history = history
    history.add(more + runs.flatMap { name, runs in runs.flatMap { entries(of: $0, name) } })
    return LifeModel(round: round, history: history).complaints
  }

  private func entries(of run: Run, _ name: String) -> [LifeHistory.Entry] {
    var all: [(Int, LifeHistory.What)] = [(run.start, .started), (run.start + 20, .began)]
    if let healthy = run.healthy { all.append((healthy, .healthy)) }
    if let unhealthy = run.unhealthy { all.append((unhealthy, .unhealthy)) }
    for signal in [run.told].compactMap({ $0 }) + run.more {
      all.append((signal.time, .killed(signal: signal.signal)))
    }
    if let told = run.told, let received = run.received {
      all.append((told.time + 5, .signaled(received)))
    }
    if run.exits, run.end.code != 137 {
      all.append((run.end.time - 10, .exits(code: run.end.code)))
    }
    all.append((run.end.time, .died(code: run.end.code)))
    return all.map { .init(time: $0.0, subject: name, what: $0.1) }
  }

  /// Three services, one of which depends on another, and TERM after 3 s.
  static let plain: LifeScene = {
    var scene = LifeScene([
      .init(name: "db"), .init(name: "app", dependencies: [.init(service: "db")]),
      .init(name: "other"),
    ])
    scene["db"] = [Run(start: 600, end: (3100, 0), told: (3060, 15))]
    scene["app"] = [Run(start: 800, end: (3050, 0), told: (3010, 15))]
    scene["other"] = [Run(start: 600, end: (3050, 0), told: (3010, 15))]
    return scene
  }()

  /// An owner that restarts, a service in its namespace, one in that service's namespace, one with
  /// `restart: true`, and another service.
  static let group: LifeScene = {
    var scene = LifeScene([
      .init(name: "owner", restart: .always),
      .init(name: "j", gracePeriod: 1000, joined: .init(namespace: .network, owner: "owner")),
      .init(name: "k", gracePeriod: 1000, joined: .init(namespace: .pid, owner: "j")),
      .init(name: "r", dependencies: [.init(service: "owner", restart: true)]),
      .init(name: "other"),
    ])
    scene["owner"] = [
      Run(start: 500, end: (1000, 1)), Run(start: 1300, end: (3200, 0), told: (3150, 15)),
    ]
    scene["j"] = [
      Run(start: 600, end: (1180, 0), told: (1160, 15)),
      Run(start: 1400, end: (3140, 0), told: (3100, 15)),
    ]
    scene["k"] = [
      Run(start: 700, end: (1150, 0), told: (1100, 15)),
      Run(start: 1500, end: (3090, 0), told: (3010, 15)),
    ]
    scene["r"] = [
      Run(start: 600, end: (1150, 0), told: (1100, 15)),
      Run(start: 1400, end: (3050, 0), told: (3010, 15)),
    ]
    scene["other"] = [Run(start: 600, end: (3050, 0), told: (3010, 15))]
    return scene
  }()
}
