import ArgumentParser
import Cgroups
import DockerEngine
import Glibc
import HookEvents
import Logging
import Program
import Linux
import Settings

/// `pod-reaper`: the service, or with `--once` one pass.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Watch, or with --once make one pass.")

  @OptionGroup var options: SettingOptions

  @Flag(help: "Make one pass and exit.")
  var once = false

  @Flag(help: "Say what would be removed and why; touch nothing.")
  var dryRun = false

  @Option(help: "How --once reports: table or json.")
  var format: ReportFormat = .table

  func run() async throws {
    do {
      let place = try Workplace(options, dryRun: dryRun, quiet: once)
      try place.makeFolders()
      if once {
        defer { place.handler.flush() }
        for line in place.forgottenFlags { StandardError.line("pod-reaper: \(line)") }
        throw ExitCode(try await OncePass(place: place, format: format).run())
      }
      try await serve(place)
    } catch let code as ExitCode {
      throw code
    } catch {
      throw failure(error)
    }
  }

  private func serve(_ place: Workplace) async throws {
    let settings = place.settings
    let notice = ServiceNotice(environment: ProcessEnvironment.current)
    let signals = await TerminationSignals()
    let reaper = place.reaper
    let control: LocalServer
    do {
      control = try LocalServer(.unix(path: settings.runFolder + "/reaper.sock")) { line in
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
      place.log.error("the self-check failed, every pod stays undecided: \(failure)")
    }
    for line in place.forgottenFlags { place.log.error("\(line)") }
    place.log.notice("watching \(place.engine.endpoint), running with \(Capabilities.words)")
    let places = Places(lacking: place.forgottenFlags) { try place.makeFolders() }
    let daemon = Daemon(
      reaper: reaper, engine: place.engine, settings: settings, notice: notice, log: place.log,
      places: places)
    let triggers = Triggers()
    let ears = try listen(place, daemon, triggers)
    places.add([control, metrics, ears.hooks, ears.leases])
    let work = Task { await daemon.work(triggers) }
    for await signal in signals.stream {
      if signal == SIGHUP {
        notice.reloading()
        await reload(place)
        notice.reloaded()
        continue
      }
      place.log.notice("ended by \(TerminationSignals.name(signal))")
      break
    }
    notice.stopping()
    work.cancel()
    // A removal under way ends by itself or at its patience; whatever is left the next start finishes.
    await work.value
    await ears.stop()
    place.handler.flush()
    withExtendedLifetime(signals) {}
  }

  /// Hears the agent's hook and takes executors' leases. Both only say where to look.
  private func listen(
    _ place: Workplace, _ daemon: Daemon, _ triggers: Triggers
  ) throws -> Ears {
    let reaper = place.reaper
    let settings = place.settings
    do {
      // One at a time and in their order.
      let (leaseEvents, lease) = AsyncStream.makeStream(of: LeaseEvent.self)
      let leases = try LeaseServer(
        path: settings.leaseSocket, limits: .fitting(), log: place.log
      ) { lease.yield($0) }
      let (hookEvents, hook) = AsyncStream.makeStream(of: HookEvent.self)
      let hooks = try HookEar(
        socket: settings.notifySocket, spool: settings.spoolFolder, log: place.log
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
  private func reload(_ place: Workplace) async {
    do {
      await place.reaper.apply(try options.settings(environment: ProcessEnvironment.current))
      place.log.notice("settings read again")
    } catch {
      place.log.error("settings not changed: \(error)")
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
