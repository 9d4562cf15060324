/// Makes a failing round smaller, as long as it fails.
struct LifeShrinking: Sendable {
  /// The number of smaller rounds that are tried.
  var tries = 40
  /// Checked before each try.
  var hasTime: @Sendable () -> Bool = { true }

  /// Tries smaller rounds, one after the other.
  ///
  /// - Parameters:
  ///   - round: a failing round.
  ///   - fails: whether a smaller round fails in the same way.
  /// - Returns: the smallest failing round.
  /// - Throws: the errors of `fails`.
  nonisolated(nonsending) func shrink(
    _ round: LifeCase, while fails: (LifeCase) async throws -> Bool
  ) async rethrows -> LifeCase {
    var best = round
    var rest = tries
    var index = 0
    // A removal that did not help is tried again after another one has helped.
    var hasShrunk = false
    while rest > 0, hasTime() {
      let candidates = Self.smaller(than: best)
      if index >= candidates.count {
        guard hasShrunk else { break }
        (index, hasShrunk) = (0, false)
        continue
      }
      rest -= 1
      if try await fails(candidates[index]) {
        best = candidates[index]
        hasShrunk = true
      } else {
        index += 1
      }
    }
    return best
  }

  /// All rounds without one element, the largest elements first.
  static func smaller(than round: LifeCase) -> [LifeCase] {
    let services =
      round.pod.services.count < 2
      ? [] : round.pod.services.map { without($0.name, round) }
    let events = round.events.indices.map { index in
      var copy = round
      copy.events.remove(at: index)
      return copy
    }
    var keys = round.pod.services.indices.flatMap { index in
      Self.smaller(than: round.pod.services[index]).map { service in
        var copy = round
        copy.pod.services[index] = service
        return valid(copy)
      }
    }
    if !round.pod.shared.isEmpty {
      var copy = round
      copy.pod.shared = ""
      copy.events.removeAll { $0.action.service == LifePod.infra }
      keys.append(copy)
    }
    return services + events + keys
  }

  private static func without(_ name: String, _ round: LifeCase) -> LifeCase {
    var round = round
    round.pod.services.removeAll { $0.name == name }
    for index in round.pod.services.indices {
      round.pod.services[index].dependencies.removeAll { $0.service == name }
      if round.pod.services[index].joined?.owner == name {
        round.pod.services[index].joined = nil
      }
    }
    round.events.removeAll { $0.action.service == name }
    return round
  }

  /// No dependency waits for a feature that a service doesn't have anymore.
  private static func valid(_ round: LifeCase) -> LifeCase {
    var round = round
    for index in round.pod.services.indices {
      for number in round.pod.services[index].dependencies.indices {
        let need = round.pod.services[index].dependencies[number]
        guard let other = round.pod.service(need.service) else { continue }
        let isPossible =
          switch need.condition {
          case .started: true
          case .healthy: other.hasHealthcheck
          case .completed: other.exit?.code == 0 && other.restart != .always
          }
        if !isPossible { round.pod.services[index].dependencies[number].condition = .started }
      }
    }
    round.events.removeAll { event in
      if case .sicken(let name) = event.action {
        round.pod.service(name)?.hasHealthcheck != true
      } else {
        false
      }
    }
    return round
  }

  private static func smaller(than service: LifePod.Service) -> [LifePod.Service] {
    func with(_ change: (inout LifePod.Service) -> Void) -> LifePod.Service {
      var copy = service
      change(&copy)
      return copy
    }
    var all = [
      with { $0.joined = nil }, with { $0.preStart = nil }, with { $0.postStart = nil },
      with { $0.preStop = nil }, with { $0.hasHealthcheck = false }, with { $0.exit = nil },
      with { $0.restart = .no }, with { $0.stopSignal = nil }, with { $0.gracePeriod = nil },
      with { $0.reaction = .exits(milliseconds: 0, code: 0) },
    ]
    for index in service.dependencies.indices {
      all.append(with { $0.dependencies.remove(at: index) })
      all.append(with { $0.dependencies[index].condition = .started })
      all.append(with { $0.dependencies[index].required = true })
      all.append(with { $0.dependencies[index].restart = false })
    }
    return all.filter { $0 != service }
  }
}
