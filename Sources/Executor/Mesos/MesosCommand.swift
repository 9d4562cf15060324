import ArgumentParser
import CSignals
import DockerEngine
import Glibc
import HTTPClient
import Logging
import MesosExecutor
import PodRuntime
import Program
import Linux

/// `compose-executor` without arguments: a Mesos executor, configured by MESOS_*.
enum MesosCommand {
  /// Runs the agent's tasks until the last one is over.
  ///
  /// - Returns: the exit code; 0 if nothing is left and every update is acknowledged.
  static func run() async -> Int32 {
    ComposeExecutor.beginPod()
    let signals = await TerminationSignals { Int(signals_take_early($0)) }
    let environment = ProcessEnvironment.current
    let supervisor: TaskSupervisor
    let log: Logger
    let output: PodOutput
    let lease: Lease
    do {
      let mesos = try MesosEnvironment(environment)
      let run = mesos.run.value
      // Only this process may use the token: builds, helper programs and Compose files do not
      // receive it.
      let open = environment.filter { !MesosEnvironment.secretVariables.contains($0.key) }
      let settings = Settings(environment: open, file: try OperatorConfiguration())
      let level = try settings.logLevel()
      log = Logger(label: "compose-executor") { _ in StandardErrorLog(logLevel: level) }
      let engine = try DockerEngine(environment: environment)
      output = PodOutput(
        standardOutput: OutputWriter(descriptor: STDOUT_FILENO),
        standardError: OutputWriter(descriptor: STDERR_FILENO), isColored: false)
      lease = Lease(run: run, environment: environment, log: log)
      supervisor = TaskSupervisor(
        session: MesosSession(environment: mesos, log: log), mesos: mesos,
        settings: settings, engine: engine, output: output, log: log, lease: lease)
    } catch let error as MesosEnvironmentError {
      StandardError.line("compose-executor: \(error.problems.joined(separator: "; "))")
      if environment["MESOS_DIRECTORY"] == nil {
        StandardError.line(
          "compose-executor: without arguments, the program runs only under Mesos; on a host, use `compose-executor run`"
        )
      }
      return 1
    } catch {
      StandardError.line("compose-executor: \(error)")
      return 1
    }
    let arrivals = signals.stream
    let watch = Task {
      for await signal in arrivals {
        await supervisor.shutDown("stopped by \(TerminationSignals.name(signal))")
      }
    }
    let keeping = Task { await lease.keep() }
    let ending = await supervisor.work()
    lease.finish(isClean: ending.isClean)
    keeping.cancel()
    watch.cancel()
    withExtendedLifetime(signals) {}
    if let unwritten = output.unwritten { log.warning("\(unwritten)") }
    log.info("exiting\(ending.isClean ? "" : ": the shutdown was not clean")")
    return ending.code
  }
}
