import TestSupport

/// Generates rounds from a seed. Every file is valid, and without a stranger each pod succeeds,
/// except for a job that fails by itself.
struct StrangerGenerator {
  private var random: SeededGenerator

  /// - Parameter seed: the seed of the round.
  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// The seed of one round of a run, so that a round can be repeated without the rounds before it.
  static func seed(of round: Int, in run: UInt64) -> UInt64 {
    var mix = SeededGenerator(seed: run ^ (UInt64(round) &* 0xd6e8_feb8_6659_fd93))
    return mix.next()
  }

  /// The next round.
  mutating func next() -> StrangerCase {
    let pod = pod()
    let end: StrangerEnd =
      switch Int.random(in: 0..<12, using: &random) {
      case 0..<4: .kill(milliseconds: random.milliseconds(0...5000))
      case 4..<6: .term(milliseconds: random.milliseconds(0...5000))
      default: .settled
      }
    let steps = (0..<Int.random(in: 1...5, using: &random)).map { _ in
      StrangerStep(milliseconds: random.milliseconds(100...4000), operation: operation(on: pod))
    }
    return StrangerCase(
      pod: pod, steps: steps.sorted { $0.milliseconds < $1.milliseconds }, end: end)
  }

  // MARK: The pod

  private enum Flavor { case jobs, sturdy, mixed }

  private mutating func pod() -> StrangerPod {
    var pod = StrangerPod()
    pod.image = random.pick([.shared, .shared, .local, .registry])
    let flavor = random.pick([Flavor.jobs, .jobs, .sturdy, .sturdy, .sturdy, .mixed, .mixed])
    pod.networks = (0..<Int.random(in: 0...2, using: &random)).map { "n\($0)" }
    pod.volumes = (0..<Int.random(in: 0...2, using: &random)).map { "v\($0)" }
    if random.chance(15) { pod.options += ["--share", random.pick(["net", "pid", "net,pid"])] }
    for number in 0..<Int.random(in: 2...6, using: &random) {
      let service = service("s\(number)", flavor, in: pod)
      pod.services.append(service)
    }
    let awaited = Set(
      pod.services.flatMap(\.dependencies).filter { $0.condition == .completed }.map(\.service))
    let mayBeService = pod.services.allSatisfy {
      $0.runsForGood || awaited.contains($0.name)
    }
    if mayBeService, random.chance(50) { pod.options += ["--type", "service"] }
    return pod
  }

  private mutating func service(
    _ name: String, _ flavor: Flavor, in pod: StrangerPod
  ) -> StrangerPod.Service {
    var service = StrangerPod.Service(name: name, work: work(flavor))
    service.restart = restart(of: service.work, flavor)
    service.hasHealthcheck = service.isSteady && random.chance(40)
    if case .flaky = service.work {} else if random.chance(15) { service.replicas = 2 }
    service.volumes = pod.volumes.filter { _ in random.chance(40) }
    service.dependencies = dependencies(in: pod)
    let owners = pod.services.filter { $0.isSteady && $0.joined == nil && $0.replicas == 1 }
    if !pod.hasInfra, !owners.isEmpty, random.chance(20) {
      service.joined = .init(
        namespace: random.chance(65) ? "net" : "pid", owner: random.pick(owners).name)
    }
    let sharesNetwork = pod.options.contains { $0.hasPrefix("net") }
    if service.joined?.namespace != "net", !sharesNetwork {
      service.networks = pod.networks.filter { _ in random.chance(50) }
    }
    return service
  }

  private mutating func work(_ flavor: Flavor) -> StrangerPod.Work {
    let time = Int.random(in: 2...15, using: &random) * 100
    let isJob = flavor == .jobs || random.chance(flavor == .sturdy ? 30 : 40)
    if isJob {
      if random.chance(20) { return .flaky(milliseconds: min(time, 600)) }
      return .job(milliseconds: time, exit: random.chance(flavor == .mixed ? 8 : 2) ? 3 : 0)
    }
    if random.chance(12) { return .flapping(milliseconds: time) }
    return .forever(exit: random.chance(20) ? 3 : 0)
  }

  private mutating func restart(
    of work: StrangerPod.Work, _ flavor: Flavor
  ) -> StrangerPod.Restart {
    switch work {
    case .flapping: return .always
    case .flaky: return .onFailure
    case .job(_, let code):
      return code == 0 && (flavor == .sturdy || random.chance(30)) ? .onFailure : .no
    case .forever:
      let all: [StrangerPod.Restart] = [.always, .always, .unlessStopped, .onFailure]
      return random.pick(flavor == .sturdy ? all : all + [.no, .no])
    }
  }

  private mutating func dependencies(in pod: StrangerPod) -> [StrangerPod.Dependency] {
    var rest = pod.services
    var result: [StrangerPod.Dependency] = []
    while !rest.isEmpty, result.count < 2, random.chance(45) {
      let other = rest.remove(at: Int.random(in: 0..<rest.count, using: &random))
      var conditions = [StrangerPod.Condition.started]
      if other.hasHealthcheck { conditions += [.healthy, .healthy] }
      if !other.runsForGood { conditions += [.completed, .completed] }
      result.append(.init(service: other.name, condition: random.pick(conditions)))
    }
    return result
  }

  // MARK: The stranger

  private mutating func operation(on pod: StrangerPod) -> StrangerOperation {
    let service = random.pick(pod.services).name
    let time = random.milliseconds(200...2500)
    switch Int.random(in: 0..<120, using: &random) {
    case 0..<15: return .prune(.container, all: false)
    case 15..<25: return .prune(.network, all: false)
    case 25..<31: return .prune(.volume, all: false)
    case 31..<38: return .prune(.image, all: random.chance(70))
    case 38..<48: return .systemPrune(all: random.chance(40), volumes: random.chance(40))
    case 48..<53: return .rename(service)
    case 53..<57: return .update(service)
    case 57..<63: return .pause(service, milliseconds: time)
    case 63..<68: return .freeze(service, milliseconds: time)
    case 68..<74: return .disconnect(service, milliseconds: random.chance(60) ? time : nil)
    case 74..<78: return .connect(service)
    case 78..<81: return .visit(milliseconds: time)
    case 81..<88: return .removeImage
    case 88..<90: return .tag
    case 90..<96: return .commitAndRun(service)
    case 96..<101: return .remove(pod.hasInfra && random.chance(30) ? nil : service)
    case 101..<113:
      // An engine stops the health checks of containers that already run when it starts.
      let isChecked = pod.services.contains(where: \.hasHealthcheck)
      return .restartEngine(kill: random.chance(50), live: random.chance(40) && !isChecked)
    default: return .hangEngine(milliseconds: random.chance(15) ? 10_000 : time)
    }
  }
}
