import DockerEngine
import Glibc
import HookEvents
import Logging
import PodIdentity
import PodObjects
import SystemPackage

/// The service. It follows the engine's events and the exits of executors. It makes a pass when
/// either indicates a leak, at its start, after each reconnection, and at every interval.
struct Daemon: Sendable {
  let reaper: Reaper
  let engine: DockerEngine
  let settings: ReaperSettings
  let notifier: SystemdNotifier
  let log: Logger
  /// The directories and sockets that can be removed while the service runs.
  let locations: Locations

  init(
    reaper: Reaper, engine: DockerEngine, settings: ReaperSettings, notifier: SystemdNotifier,
    log: Logger, locations: Locations = Locations()
  ) {
    self.locations = locations
    self.reaper = reaper
    self.engine = engine
    self.settings = settings
    self.notifier = notifier
    self.log = log
  }

  /// The requests for passes.
  let requests = PassRequests()
  private let followUps = FollowUps()
  private let absence = Absence()

  /// Works until it is canceled.
  ///
  /// - Parameters:
  ///   - hooks: the events of the agent's hook.
  ///   - leases: the events of executors' leases. Neither proves a death; both only cause passes.
  func work(
    hooks: AsyncStream<HookEvent>? = nil, leases: AsyncStream<LeaseEvent>? = nil
  ) async {
    let ends = reaper.processes.ends()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await followEngine() }
      group.addTask { for await identity in ends { await handleEnd(of: identity) } }
      // Events of each kind are handled one at a time and in order.
      if let hooks { group.addTask { for await event in hooks { await handle(event) } } }
      if let leases { group.addTask { for await event in leases { await handle(event) } } }
      group.addTask { await tick() }
      group.addTask { await followUps.run(requests) { reaper.health.record(followUp: $0) } }
      if let interval = notifier.interval { group.addTask { await watch(every: interval) } }
      group.addTask {
        for await _ in requests.signals {
          if Task.isCancelled { return }
          await pass()
          notifier.ready()
        }
      }
      await group.waitForAll()
    }
    endAbsence()
  }

  // MARK: Inputs

  private func handle(_ event: HookEvent) async {
    if await reaper.handle(event) { requests.addEverything() }
  }

  private func handle(_ event: LeaseEvent) async {
    guard await reaper.handle(event) else { return }
    requests.add(run: event.run)
    // The executor may have died before any object of its pod existed.
    followUps.add(run: event.run)
  }

  private func handleEnd(of identity: PodIdentity) async {
    await reaper.handleEnd(of: identity)
    requests.add(run: identity.run)
  }

  /// Follows the engine's events. Logs once when the engine becomes unavailable, and once when it
  /// is back.
  private func followEngine() async {
    var isAway = false
    for await event in EngineEvents(engine: engine) {
      switch event {
      case .connected:
        if isAway { log.notice("the engine is back") }
        isAway = false
        requests.addEverything()
      case .lost(let error):
        if !isAway {
          log.warning("the engine is away: \(error)")
          await reaper.recordEngineError()
        }
        isAway = true
        notifier.ready()
      case .container(let identity):
        if await reaper.handleContainer(of: identity) { requests.add(run: identity.run) }
      }
    }
  }

  // MARK: Passes

  /// Logs the number of failed passes that were not logged.
  private func endAbsence() {
    let count = absence.end()
    if count > 1 { log.notice("\(count) passes failed while the engine was away") }
  }

  /// Sends systemd's watchdog signal as long as the current pass makes progress.
  private func watch(every interval: Duration) async {
    while (try? await Task.sleep(for: interval)) != nil {
      let settings = await reaper.settings
      let longest =
        settings.lockTimeout + .seconds(settings.removal.stopTimeout) + engine.requestTimeout
      guard reaper.progress.isWithin(longest) else {
        log.error("a pass hangs: it has made no progress for \(longest.text)")
        continue
      }
      if let problem = reaper.health.problem(every: settings.interval), problem.callsForRestart {
        log.error("unhealthy, systemd's watchdog may restart pod-reaper: \(problem.text)")
      } else {
        notifier.watchdog(for: longest)
      }
    }
  }

  private func tick() async {
    while true {
      let interval = await reaper.settings.interval
      reaper.health.record(next: .now + interval)
      do { try await Task.sleep(for: interval) } catch {
        requests.finish()
        return
      }
      requests.addEverything()
    }
  }

  private func pass() async {
    let settings = await reaper.settings
    let lock = PassLock(path: settings.runDirectory + "/reaper.lock")
    let pending = requests.take()
    if pending.isEmpty { return }
    reaper.progress.begin()
    defer { reaper.progress.end() }
    reaper.health.record(missing: locations.restore(log))
    do {
      let result = try await lock.hold(waiting: settings.lockTimeout) {
        reaper.health.passBegins()
        if pending.everything { return [try await reaper.reap()] }
        var results: [Reaper.Pass] = []
        for run in pending.runs { results.append(try await reaper.reap(run: run)) }
        return results
      }
      guard let result else {
        reaper.health.passFailed("another pass is running (\(lock.path))", .own)
        return log.warning("another pass is running: the next pass follows after the interval")
      }
      reaper.health.passEnds(
        isFull: pending.everything, result: PassSummary.text(result.map(\.report), pending))
      endAbsence()
      // A proof that is too young now is checked again in time.
      if let due = result.compactMap(\.due).min() {
        let wait = max(.milliseconds(100), due - .now)
        if wait < settings.interval { followUps.addEverything(in: wait) }
      }
      // dockerd completes requests of a client that died, and events of networks and volumes have
      // no labels.
      for pod in result.flatMap(\.report.pods) where !pod.removed.isEmpty {
        followUps.add(run: pod.run)
      }
    } catch {
      if Task.isCancelled { return }
      if error is EngineError {
        await reaper.recordEngineError()
        reaper.health.passFailed("\(error)", .engine)
        // Otherwise each event that requests a pass would log it again.
        if absence.isFirst("\(error)") { log.warning("no pass: \(error)") }
        return
      }
      let words = error is Errno ? "\(lock.path): \(error)" : "\(error)"
      reaper.health.passFailed(words, .own)
      log.warning("no pass: \(words)")
    }
  }
}
