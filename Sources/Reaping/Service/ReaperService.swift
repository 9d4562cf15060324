import DockerEngine
import Glibc
import Linux
import Logging
import Program
import Settings

/// The service: its sockets, and the signals that reload and stop it.
package struct ReaperService {
  let context: ReaperContext
  let reload: () throws -> ReaperSettings

  /// - Parameters:
  ///   - context: the settings, engine and reaper.
  ///   - reload: reads the settings again.
  package init(context: ReaperContext, reload: @escaping () throws -> ReaperSettings) {
    self.context = context
    self.reload = reload
  }

  /// Runs until a signal stops it.
  ///
  /// - Throws: `ConfigurationError` if a socket or directory can't be created.
  package func run() async throws {
    let (context, log, reaper, settings) = (context, context.log, context.reaper, context.settings)
    try context.makeDirectories()
    let notifier = SystemdNotifier(environment: ProcessEnvironment.current)
    let signals = await TerminationSignals()
    let control = try controlServer()
    defer { control.stop() }
    if let failure = reaper.host.processTableFailure {
      log.error("the self-check failed, every pod stays undecided: \(failure)")
    }
    for line in context.forgottenFlags { log.error("\(line)") }
    log.notice("watching \(context.engine.endpoint), running with \(Capabilities.text)")
    let locations = Locations(lacking: context.forgottenFlags) { try context.makeDirectories() }
    let daemon = Daemon(
      reaper: reaper, engine: context.engine, settings: settings, notifier: notifier, log: log,
      locations: locations)
    let (hooks, leases) = try listeners()
    let metrics = try settings.metrics.map { try metricsServer($0, leases) }
    defer { metrics?.stop() }
    locations.add([control, metrics, hooks, leases])
    await withTaskGroup(of: Void.self) { servers in
      servers.addTask { await control.serve() }
      if let metrics { servers.addTask { await metrics.serve() } }
      await withTaskGroup(of: Void.self) { work in
        work.addTask { await daemon.work(hooks: hooks.events, leases: leases.events) }
        await waitForEnd(signals, notifier)
        notifier.stopping()
        // A removal in progress finishes by itself or at its time limit. The next start removes the
        // rest.
        work.cancelAll()
      }
      hooks.stop()
      leases.stop()
      control.stop()
      metrics?.stop()
      // A request in progress may be waiting for the engine.
      servers.cancelAll()
    }
    context.handler.flush()
    withExtendedLifetime(signals) {}
  }

  private func waitForEnd(_ signals: TerminationSignals, _ notifier: SystemdNotifier) async {
    for await signal in signals.stream {
      guard signal == SIGHUP else {
        return context.log.notice("stopped by \(TerminationSignals.name(signal))")
      }
      notifier.reloading()
      await applySettings()
      notifier.reloaded()
    }
  }

  /// Reads the settings again. If they are invalid, the old settings stay in effect.
  private func applySettings() async {
    do {
      await context.reaper.apply(try reload())
      context.log.notice("settings were read again")
    } catch {
      context.log.error("the settings are not changed: \(error)")
    }
  }

  private func controlServer() throws -> LineServer {
    let commands = ControlCommands(reaper: context.reaper, isService: true)
    do {
      return try LineServer(.unix(path: context.controlSocket)) { await commands.respond(to: $0) }
    } catch {
      throw ConfigurationError(
        description: "\(context.controlSocket): \(error); is another pod-reaper running?")
    }
  }

  private func metricsServer(
    _ address: ListenAddress, _ leases: LeaseServer
  ) throws -> LineServer {
    let reaper = context.reaper
    return try LineServer(address) { _ in
      let isHealthy = reaper.health.problem(every: await reaper.settings.interval) == nil
      let (counters, mounts) = await reaper.figures
      let body = Metrics.text(
        counters, isHealthy: isHealthy, mounts: mounts, reports: leases.reports())
      return "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
  }

  /// Starts to listen for the agent's hook and for executors' leases.
  private func listeners() throws -> (HookEventListener, LeaseServer) {
    let settings = context.settings
    do {
      let leases = try LeaseServer(
        path: settings.leaseSocket, limits: .fitting(), log: context.log)
      let hooks = try HookEventListener(
        socket: settings.notifySocket, spool: settings.spoolDirectory, log: context.log)
      return (hooks, leases)
    } catch {
      throw ConfigurationError(
        description: "sockets and spool in \(settings.runDirectory): \(error)")
    }
  }
}
