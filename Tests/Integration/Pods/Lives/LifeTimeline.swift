/// One run of a container, from its start to its exit.
struct LifeInstance: Sendable {
  struct Signal: Sendable {
    var time: Int
    var number: Int
    /// Another client had the engine send it.
    var isIntrusion: Bool
  }

  let service: LifePod.Service
  let started: Int
  /// The time at which the process was ready for signals.
  var began: Int?
  var kills: [Signal] = []
  /// The signals that the process received.
  var received: [(time: Int, name: String)] = []
  /// The time at which the process recorded its exit.
  var exits: Int?
  var died: (time: Int, code: Int)?
  var healthy: Int?
  var unhealthy: Int?

  /// The time of the first signal from the pod.
  var told: Int? { kills.first { !$0.isIntrusion }?.time }
  func isUp(at time: Int) -> Bool { started <= time && (died.map { $0.time > time } ?? true) }
}

/// The effect of a container's exit.
enum LifeFate: Sendable, Equatable {
  case runs
  /// The pod stopped it.
  case stopped
  /// The exit of its pid namespace's owner stopped it.
  case consequence
  /// Its restart policy starts it again.
  case restarts
  /// It has exited for good.
  case ended
  /// It fails the pod.
  case fails
}

/// The runs of every container of a round.
struct LifeTimeline: Sendable {
  let pod: LifePod
  let instances: [String: [LifeInstance]]
  let fates: [String: [LifeFate]]

  /// The greatest difference between two observations of the same moment, in milliseconds.
  static let slack = 250

  init(pod: LifePod, history: LifeHistory) {
    self.pod = pod
    var instances: [String: [LifeInstance]] = [:]
    for service in pod.services {
      instances[service.name] = Self.instances(of: service, in: history)
    }
    self.instances = instances
    var fates: [String: [LifeFate]] = [:]
    for service in pod.services {
      fates[service.name] = Self.fates(
        of: service, instances: instances, pod: pod, infraLost: history.infraLost)
    }
    self.fates = fates
  }

  func of(_ service: String) -> [LifeInstance] { instances[service] ?? [] }

  /// Instances with their numbers and the effects of their exits.
  func lives(of service: String) -> [(number: Int, instance: LifeInstance, fate: LifeFate)] {
    zip(of(service), fates[service] ?? []).enumerated().map { ($0, $1.0, $1.1) }
  }

  /// The time at which a service exited for good; nil while it can continue.
  func endedForGood(_ service: String) -> Int? {
    guard let last = lives(of: service).last else { return nil }
    switch last.fate {
    case .ended, .fails: return last.instance.died?.time
    case .consequence:
      // It doesn't restart if the owner of its process namespace has completed.
      let owners = pod.service(service).map { Self.pidOwners(of: $0, in: pod) } ?? []
      return owners.contains { endedForGood($0) != nil } ? last.instance.died?.time : nil
    case .runs, .stopped, .restarts: return nil
    }
  }

  /// Whether a service runs at a moment.
  func isUp(_ service: String, at time: Int) -> Bool {
    of(service).contains { $0.isUp(at: time) }
  }

  /// Whether a service was down for its restart about a moment, according to the engine's events.
  func isAway(_ service: String, about time: Int) -> Bool {
    let all = lives(of: service)
    return all.contains { number, instance, fate in
      guard let died = instance.died?.time, died <= time + Self.slack else { return false }
      let next = number + 1 < all.count ? all[number + 1].instance.started : nil
      guard next != nil || fate == .restarts else { return false }
      return next.map { $0 >= time - Self.slack } ?? true
    }
  }

  private static func instances(
    of service: LifePod.Service, in history: LifeHistory
  ) -> [LifeInstance] {
    let own = history.entries.filter { $0.subject == service.name }
    var all: [LifeInstance] = []
    // The engine's events first: a process can log before the engine reports its start.
    for entry in own {
      let last = all.indices.last
      switch entry.what {
      case .started: all.append(LifeInstance(service: service, started: entry.time))
      case .killed(let signal):
        let isIntrusion = history.isIntrusion(entry, on: service.name)
        if let last, all[last].died == nil {
          all[last].kills.append(
            .init(time: entry.time, number: signal, isIntrusion: isIntrusion))
        }
      case .died(let code):
        if let last, all[last].died == nil { all[last].died = (entry.time, code) }
      case .healthy:
        if let last, all[last].healthy == nil { all[last].healthy = entry.time }
      case .unhealthy:
        if let last, all[last].unhealthy == nil { all[last].unhealthy = entry.time }
      case .began, .signaled, .exits: break
      }
    }
    for entry in own {
      // Uptime has a resolution of 10 ms.
      let index = all.firstIndex { $0.died.map { $0.time >= entry.time - 20 } ?? true }
      guard let index else { continue }
      switch entry.what {
      case .began: all[index].began = all[index].began ?? entry.time
      case .signaled(let name): all[index].received.append((entry.time, name))
      case .exits: all[index].exits = entry.time
      default: break
      }
    }
    return all
  }

  private static func fates(
    of service: LifePod.Service, instances: [String: [LifeInstance]], pod: LifePod,
    infraLost: Int?
  ) -> [LifeFate] {
    var restarts = 0
    return (instances[service.name] ?? []).map { instance in
      guard let (time, code) = instance.died else { return .runs }
      if let told = instance.told, told <= time { return .stopped }
      if code == 137, instance.kills.isEmpty, instance.exits == nil {
        let ends = pidOwners(of: service, in: pod).flatMap { owner in
          (instances[owner] ?? []).compactMap { $0.died?.time }
        }
        let shared = pod.shared.contains("pid") ? [infraLost].compactMap { $0 } : []
        if (ends + shared).contains(where: { abs($0 - time) < 1000 }) { return .consequence }
      }
      switch service.restart {
      case .no: return code == 0 ? .ended : .fails
      case .always: break
      case .onFailure(let limit):
        if code == 0 { return .ended }
        if let limit, restarts >= limit { return .fails }
      }
      restarts += 1
      return .restarts
    }
  }

  /// The services whose exit stops a service, because they are process 1 of its pid namespace.
  static func pidOwners(of service: LifePod.Service, in pod: LifePod) -> [String] {
    var result: [String] = []
    var next = service.joined
    while let joined = next, joined.namespace == .pid {
      result.append(joined.owner)
      next = pod.service(joined.owner)?.joined
    }
    return result
  }
}
