import Cgroups
import DockerEngine
import Glibc
import HookEvents
import Logging
import Program

/// The service: its sockets, the inputs that it listens to, and its signals.
package struct ReaperService {
  let context: ReaperContext
  let reload: () throws -> ReaperSettings

  /// - Parameters:
  ///   - context: what every command needs.
  ///   - reload: reads the settings again.
  package init(context: ReaperContext, reload: @escaping () throws -> ReaperSettings) {
    self.context = context
    self.reload = reload
  }

  /// Runs until a signal ends it.
  ///
  /// - Throws: `SettingError` where a socket or directory can't be made.
  package func run() async throws {
    let context = context
    try context.makeFolders()
    let settings = context.settings
    let notice = ServiceNotice(environment: ProcessEnvironment.current)
    let signals = await TerminationSignals()
    let reaper = context.reaper
    let control: LocalServer
    do {
      control = try LocalServer(.unix(path: context.controlSocket)) { line in
        await reaper.answer(line, isService: true)
      }
    } catch {
      throw SettingError(
        description: "\(settings.runFolder)/reaper.sock: \(error); does another pod-reaper run?")
    }
    defer { control.stop() }
    let metrics = try settings.metrics.map { address in
      try LocalServer(address) { _ in
        let isHealthy = reaper.health.problem(every: await reaper.settings.interval) == nil
        let body = Metrics.text(
          await reaper.counters, isHealthy: isHealthy, mounts: await reaper.cgroups?.folders.mounts)
        return "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
          + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
      }
    }
    defer { metrics?.stop() }
    if let failure = reaper.host.processTableFailure {
      context.log.error("the self-check failed, every pod stays undecided: \(failure)")
    }
    for line in context.forgottenFlags { context.log.error("\(line)") }
    context.log.notice("watching \(context.engine.endpoint), running with \(Capabilities.words)")
    let places = Places(lacking: context.forgottenFlags) { try context.makeFolders() }
    let daemon = Daemon(
      reaper: reaper, engine: context.engine, settings: settings, notice: notice, log: context.log,
      places: places)
    let triggers = Triggers()
    let ears = try listen(context, daemon, triggers)
    places.add([control, metrics, ears.hooks, ears.leases])
    let work = Task { await daemon.work(triggers) }
    for await signal in signals.stream {
      if signal == SIGHUP {
        notice.reloading()
        await applySettings()
        notice.reloaded()
        continue
      }
      context.log.notice("ended by \(TerminationSignals.name(signal))")
      break
    }
    notice.stopping()
    work.cancel()
    // A removal under way ends by itself or at its patience; whatever is left the next start finishes.
    await work.value
    await ears.stop()
    context.handler.flush()
    withExtendedLifetime(signals) {}
  }

  /// Hears the agent's hook and takes executors' leases. Both only say where to look.
  private func listen(
    _ context: ReaperContext, _ daemon: Daemon, _ triggers: Triggers
  ) throws -> Ears {
    let reaper = context.reaper
    let settings = context.settings
    do {
      // One at a time and in their order.
      let (leaseEvents, lease) = AsyncStream.makeStream(of: LeaseEvent.self)
      let leases = try LeaseServer(
        path: settings.leaseSocket, limits: .fitting(), log: context.log
      ) { lease.yield($0) }
      let (hookEvents, hook) = AsyncStream.makeStream(of: HookEvent.self)
      let hooks = try HookEar(
        socket: settings.notifySocket, spool: settings.spoolFolder, log: context.log
      ) { hook.yield($0) }
      let takers = [
        Task {
          for await event in leaseEvents where await reaper.take(event) {
            triggers.add(run: event.run)
            // It may have died before anything of its pod was there to be seen.
            daemon.lookAgain(at: [event.run], triggers)
          }
        },
        Task {
          for await event in hookEvents where await reaper.hear(event) { triggers.addEverything() }
        },
      ]
      return Ears(hooks: hooks, leases: leases, takers: takers) {
        lease.finish()
        hook.finish()
      }
    } catch {
      throw SettingError(description: "sockets and spool in \(settings.runFolder): \(error)")
    }
  }

  /// Takes the settings anew; bad ones leave the old in force.
  private func applySettings() async {
    do {
      await context.reaper.apply(try reload())
      context.log.notice("settings read again")
    } catch {
      context.log.error("settings not changed: \(error)")
    }
  }
}

/// What the service listens with, and who takes what it hears.
private struct Ears {
  let hooks: HookEar
  let leases: LeaseServer
  let takers: [Task<Void, Never>]
  let finish: () -> Void

  /// Stops listening, and takes in what was heard before.
  func stop() async {
    hooks.stop()
    leases.stop()
    finish()
    for taker in takers { await taker.value }
  }
}
