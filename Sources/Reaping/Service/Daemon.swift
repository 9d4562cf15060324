import DockerEngine
import Glibc
import Logging
import PodIdentity
import Program
import SystemPackage

/// The service: follows the engine's events and the executors' ends, and makes a pass when either tells of a leak,
/// at its start, after each reconnection, and at every interval.
struct Daemon: Sendable {
  let reaper: Reaper
  let engine: DockerEngine
  let settings: ReaperSettings
  let notice: ServiceNotice
  let log: Logger
  /// What may vanish under the running service.
  let places: Places

  init(
    reaper: Reaper, engine: DockerEngine, settings: ReaperSettings, notice: ServiceNotice,
    log: Logger, places: Places = Places()
  ) {
    self.places = places
    self.reaper = reaper
    self.engine = engine
    self.settings = settings
    self.notice = notice
    self.log = log
  }

  private let laterLooks = LaterLooks()
  private let away = Absence()

  /// Works until it is cancelled.
  ///
  /// - Parameter triggers: what calls for a pass.
  func work(_ triggers: Triggers) async {
    reaper.watches.listen { identity in
      Task {
        await reaper.processEnded(identity)
        triggers.add(run: identity.run)
      }
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await follow(triggers) }
      group.addTask { await tick(triggers) }
      if let interval = notice.interval { group.addTask { await watch(every: interval) } }
      group.addTask {
        for await _ in triggers.bell {
          if Task.isCancelled { return }
          await pass(triggers)
          notice.ready()
        }
      }
      await group.waitForAll()
    }
    sayBack()
  }

  /// Says how many passes failed that nothing was said of.
  private func sayBack() {
    let count = away.end()
    if count > 1 { log.notice("\(count) passes failed while the engine was away") }
  }

  /// Tells systemd that all is well as long as the pass that is under way gets on.
  private func watch(every interval: Duration) async {
    while (try? await Task.sleep(for: interval)) != nil {
      let settings = await reaper.settings
      let longest =
        settings.lockTimeout + .seconds(settings.removal.stopTimeout) + engine.requestTimeout
      guard reaper.progress.isWithin(longest) else {
        log.error("a pass hangs: nothing of it was done within \(longest.words)")
        continue
      }
      if let problem = reaper.health.problem(every: settings.interval), problem.callsForRestart {
        log.error("unhealthy, systemd's watchdog may start it anew: \(problem.words)")
      } else {
        notice.alive(for: longest)
      }
    }
  }

  private func tick(_ triggers: Triggers) async {
    while true {
      let interval = await reaper.settings.interval
      do { try await Task.sleep(for: interval) } catch {
        triggers.finish()
        return
      }
      triggers.addEverything()
    }
  }

  private func pass(_ triggers: Triggers) async {
    let settings = await reaper.settings
    let lock = PassLock(path: settings.runFolder + "/reaper.lock")
    let wanted = triggers.take()
    if wanted.isEmpty { return }
    reaper.progress.begin()
    defer { reaper.progress.end() }
    reaper.health.note(missing: places.restore(log))
    do {
      let result = try await lock.hold(waiting: settings.lockTimeout) {
        reaper.health.passBegins()
        if wanted.everything { return [try await reaper.pass()] }
        var results: [(report: PassReport, due: BootTime?)] = []
        for run in wanted.runs { results.append(try await reaper.pass(run: run)) }
        return results
      }
      guard let result else {
        reaper.health.passFailed("another pass is working (\(lock.path))", .own)
        return log.warning("another pass is working: this one is left to the next interval")
      }
      reaper.health.passEnds(isFull: wanted.everything)
      sayBack()
      // What is proven but too young is looked at again in time.
      if let due = result.compactMap(\.due).min() {
        let wait = max(.milliseconds(100), due - .now)
        if wait < settings.interval { later(in: wait) { triggers.addEverything() } }
      }
      // dockerd completes what a client that died had asked for; events of networks and volumes bear no labels.
      let removed = result.flatMap(\.report.pods).filter { !$0.removed.isEmpty }.map(\.run)
      lookAgain(at: removed, triggers)
    } catch {
      if Task.isCancelled { return }
      if error is EngineError {
        await reaper.noteEngineError()
        reaper.health.passFailed("\(error)", .engine)
        // Each event that calls for a pass would say it again.
        if away.isFirst("\(error)") { log.warning("no pass: \(error)") }
        return
      }
      let words = error is Errno ? "\(lock.path): \(error)" : "\(error)"
      reaper.health.passFailed(words, .own)
      log.warning("no pass: \(words)")
    }
  }

  /// Looks at runs again in a while: what a client that died had asked for may still appear.
  func lookAgain(at runs: [String], _ triggers: Triggers) {
    for run in runs { laterLooks.add(run, triggers) }
  }

  private func later(in wait: Duration, _ look: @escaping @Sendable () -> Void) {
    Task {
      try? await Task.sleep(for: wait)
      look()
    }
  }

  /// Follows the engine's events; says once that it is away and once that it is back.
  private func follow(_ triggers: Triggers) async {
    var wait = Duration.milliseconds(100)
    var isAway = false
    while !Task.isCancelled {
      do {
        let events = try await engine.events(filters: [
          "type": ["container"], "label": [PodLabel.run],
        ])
        if isAway { log.notice("the engine is back") }
        isAway = false
        wait = .milliseconds(100)
        triggers.addEverything()
        for try await event in events { await take(event, triggers) }
      } catch {
        if Task.isCancelled { return }
        if !isAway {
          log.warning("the engine is away: \(error)")
          await reaper.noteEngineError()
        }
        isAway = true
        notice.ready()
      }
      try? await Task.sleep(for: wait)
      wait = min(wait * 2, .seconds(10))
    }
  }

  private func take(_ event: EngineEvent, _ triggers: Triggers) async {
    guard ["create", "start", "die"].contains(event.action),
      let identity = PodIdentity(labels: event.attributes)
    else { return }
    // A living executor's container is its own business; once watched, its end is reported.
    if await reaper.isNews(identity) { triggers.add(run: identity.run) }
  }
}

extension Reaper {
  /// Whether an event of a pod calls for a look: its executor is dead, or can't be told to live.
  func isNews(_ identity: PodIdentity) -> Bool {
    guard identity.incarnation.bootID == host.bootID, let look = identity.incarnation.look() else {
      return records[identity] == nil
    }
    if look == .alive {
      if records[identity] == nil { records[identity] = EvidenceRecord(firstSeen: .now) }
      note(identity, look)
      return false
    }
    return true
  }

  /// Counts a failure of the engine.
  func noteEngineError() { counters.engineErrors += 1 }
}
