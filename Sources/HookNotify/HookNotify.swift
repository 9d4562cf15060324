import ArgumentParser
import Glibc
import HookShim
import Program
import Linux

/// The command line of pod-hook-notify.
@main
struct HookNotify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pod-hook-notify",
    abstract: "Notify pod-reaper as the Mesos agent's hook does.",
    discussion: """
      The reaper's location comes from options, variables POD_REAPER_…, and the keys run-dir, notify-socket and spool-dir \
      of /etc/pod-reaper.yaml, in this order.
      """,
    version: Version.text,
    subcommands: [Started.self, Removed.self])

  static func main() { runProgram() }
}

struct Started: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Report that an executor's container was launched.")

  @Option(
    name: .customLong("run"), help: "Mesos' container ID, the last component of the sandbox's path."
  )
  var container: String
  @Option(help: "The sandbox on the host.", completion: .directory)
  var sandbox: String
  @OptionGroup var reaper: ReaperOptions

  func run() throws {
    var run = container
    var sandbox = sandbox
    try reaper.send { shim in
      run.withUTF8 { run in
        sandbox.withUTF8 { sandbox in
          hook_shim_started(
            shim, run.baseAddress, run.count, sandbox.baseAddress, sandbox.count)
        }
      }
    }
  }
}

struct Removed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Report that the agent removed an executor.")

  @Option(help: "The framework's ID.")
  var framework: String
  @Option(help: "The executor's ID.")
  var executor: String
  @OptionGroup var reaper: ReaperOptions

  func run() throws {
    var framework = framework
    var executor = executor
    try reaper.send { shim in
      framework.withUTF8 { framework in
        executor.withUTF8 { executor in
          hook_shim_removed(
            shim, framework.baseAddress, framework.count, executor.baseAddress, executor.count)
        }
      }
    }
  }
}

/// The options for the location of the reaper's socket and spool.
struct ReaperOptions: ParsableArguments {
  @Option(help: "The reaper's run directory. Default: /run/compose-pods.", completion: .directory)
  var runDir: String?
  @Option(
    help: "The reaper's notification socket. Default: notify.sock in the run directory.",
    completion: .file())
  var notifySocket: String?
  @Option(
    help: "The directory of events that aren't delivered yet. Default: spool in the run directory.",
    completion: .directory)
  var spoolDir: String?
  @Option(
    help: "The reaper's settings file. Default: /etc/pod-reaper.yaml, if it exists.",
    completion: .file())
  var config: String?

  /// Sends an event. If it was spooled, the process exits with 4.
  ///
  /// - Throws: `CommandError`; `ExitCode` 4.
  func send(_ event: (OpaquePointer) -> hook_shim_result) throws {
    var options: [String: String] = [:]
    options["run-dir"] = runDir
    options["notify-socket"] = notifySocket
    options["spool-dir"] = spoolDir
    options["config"] = config
    let location: ReaperEndpoint
    do {
      location = try ReaperEndpoint(options: options, environment: ProcessEnvironment.current)
    } catch {
      throw CommandError("\(error)", code: 2)
    }
    var shim: OpaquePointer?
    let error = hook_shim_open(location.socket, location.spool, &shim)
    guard let shim, error == 0 else {
      throw CommandError(
        "notify-socket \(location.socket), spool-dir \(location.spool): \(String(cString: strerror(error)))",
        code: 1)
    }
    defer { hook_shim_close(shim) }
    let result = event(shim)
    switch result.outcome {
    case HOOK_SHIM_DELIVERED: return
    case HOOK_SHIM_SPOOLED: throw ExitCode(4)
    default:
      var line = [CChar](repeating: 0, count: 512)
      hook_shim_describe(result, &line, line.count)
      let text = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw CommandError(String(decoding: text, as: UTF8.self), code: 1)
    }
  }
}
