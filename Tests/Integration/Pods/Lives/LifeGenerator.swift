import TestSupport

/// Generates rounds from a seed. Every file is valid; whether its pod succeeds depends on the
/// actions on it.
struct LifeGenerator {
  private var random: SeededGenerator

  /// - Parameter seed: the seed of the round.
  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// The next round.
  mutating func next() -> LifeCase {
    let pod = pod()
    let beginsRunning = random.chance(65)
    return LifeCase(
      pod: pod, events: events(on: pod, within: beginsRunning ? 1500 : 3000),
      beginsRunning: beginsRunning, grace: random.milliseconds(2000...5000))
  }

  // MARK: The pod

  private mutating func pod() -> LifePod {
    var pod = LifePod()
    if random.chance(12) { pod.shared = random.pick(["net", "pid", "net,pid"]) }
    for number in 0..<Int.random(in: 2...7, using: &random) {
      let service = service("s\(number)", in: pod)
      pod.services.append(service)
    }
    return pod
  }

  private mutating func service(_ name: String, in pod: LifePod) -> LifePod.Service {
    var service = LifePod.Service(name: name)
    service.reaction = reaction()
    if random.chance(15) {
      service.exit = .init(
        milliseconds: random.milliseconds(100...1500),
        code: random.chance(80) ? 0 : Int.random(in: 1...3, using: &random))
    }
    service.restart = random.pick(
      [.no, .no, .onFailure(limit: nil), .onFailure(limit: nil), .onFailure(limit: 2)]
        + [.always, .always, .always])
    if random.chance(25) { service.stopSignal = random.pick(["USR1", "INT", "QUIT", "KILL"]) }
    if random.chance(75) {
      service.gracePeriod = random.pick([500, 900, 1000, 1000, 1500, 2000])
    }
    service.hasHealthcheck = random.chance(30)
    service.joined = pod.shared.isEmpty && random.chance(55) ? joined(in: pod) : nil
    service.dependencies = dependencies(in: pod)
    if random.chance(8) {
      service.preStart = .init(
        milliseconds: random.milliseconds(0...1500), code: random.chance(85) ? 0 : 4)
    }
    if random.chance(12) { service.postStart = .init(milliseconds: random.milliseconds(0...1200)) }
    if random.chance(10) {
      service.preStop = .init(
        milliseconds: random.chance(25) ? nil : random.milliseconds(0...800))
    }
    return service
  }

  private mutating func reaction() -> LifePod.Reaction {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<50: .exits(milliseconds: 0, code: random.pick([0, 0, 0, 3]))
    case 50..<75: .exits(milliseconds: random.milliseconds(500...1000), code: 0)
    default: .ignores
    }
  }

  private mutating func joined(in pod: LifePod) -> LifePod.Joined? {
    // A job that completes takes its joined services down: a low rate is enough.
    let owners = pod.services.filter { $0.exit == nil || random.chance(15) }
    guard !owners.isEmpty else { return nil }
    let owner = random.pick(owners)
    let namespace = random.pick([LifePod.Namespace.network, .network, .network, .pid, .ipc])
    // The engine doesn't share an ipc namespace that is already shared.
    let isShared = namespace == .ipc && owner.joined?.namespace == .ipc
    return LifePod.Joined(namespace: isShared ? .network : namespace, owner: owner.name)
  }

  private mutating func dependencies(in pod: LifePod) -> [LifePod.Dependency] {
    var rest = pod.services
    var result: [LifePod.Dependency] = []
    while !rest.isEmpty, result.count < 2, random.chance(45) {
      let other = rest.remove(at: Int.random(in: 0..<rest.count, using: &random))
      var conditions = [LifePod.Condition.started]
      if other.hasHealthcheck { conditions += [.healthy, .healthy] }
      if other.exit?.code == 0, other.restart != .always { conditions += [.completed, .completed] }
      result.append(
        .init(
          service: other.name, condition: random.pick(conditions),
          required: !random.chance(12), restart: random.chance(35)))
    }
    return result
  }

  // MARK: What happens

  private mutating func events(on pod: LifePod, within limit: Int) -> [LifeEvent] {
    var events: [LifeEvent] = []
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      // Two actions at almost the same time make their restarts overlap.
      let time =
        if let last = events.last, random.chance(40) {
          last.milliseconds + Int.random(in: 0...300, using: &random)
        } else {
          random.milliseconds(0...limit)
        }
      events.append(LifeEvent(milliseconds: time, action: action(on: pod)))
    }
    if random.chance(75) {
      let time =
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<15: Int.random(in: 0...900, using: &random)
        case 15..<85 where !events.isEmpty:
          // While the consequences of the action are in progress.
          random.pick(events).milliseconds + Int.random(in: 0...1800, using: &random)
        default: random.milliseconds(0...limit)
        }
      events.append(LifeEvent(milliseconds: time, action: .term))
      if random.chance(15) {
        let again = time + random.milliseconds(100...2000)
        events.append(LifeEvent(milliseconds: again, action: .term))
      }
    }
    return events.sorted { $0.milliseconds < $1.milliseconds }
  }

  private mutating func action(on pod: LifePod) -> LifeAction {
    if !pod.shared.isEmpty, random.chance(20) { return .kill(LifePod.infra) }
    let owners = pod.services.filter { !pod.group(of: $0.name).isEmpty }
    let restarting = owners.filter { $0.restart != .no }
    let service =
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<60 where !restarting.isEmpty: random.pick(restarting)
      case 0..<75 where !owners.isEmpty: random.pick(owners)
      default: random.pick(pod.services)
      }
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<65:
      let code = random.chance(20) ? 0 : Int.random(in: 1...3, using: &random)
      return .exit(service.name, code: code)
    case 65..<80: return .kill(service.name)
    case 80..<92: return .stop(service.name)
    default: return service.hasHealthcheck ? .sicken(service.name) : .kill(service.name)
    }
  }
}
