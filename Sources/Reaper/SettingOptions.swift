import ArgumentParser
import Linux
import Program
import Reaping
import Settings

/// The command-line options of the settings.
struct SettingOptions: ParsableArguments {
  @Option(
    help: "The settings file. Default: /etc/pod-reaper.yaml, if it exists.", completion: .file())
  var config: String?

  @Option(help: "The minimum age of a proof of death. Default: 30s.")
  var grace: String?

  @Option(help: "The time between full passes. Default: 60s.")
  var interval: String?

  @Option(
    help:
      "The time that a container has to stop before it is killed; 0s kills it at once. Default: 10s."
  )
  var stopTimeout: String?

  @Option(help: "How long one pass retries removals that the engine refuses. Default: 30s.")
  var removalTimeout: String?

  @Flag(help: "Do not remove named volumes.")
  var keepVolumes = false

  @Flag(help: "Write the report of a crashed executor's pod into its sandbox.")
  var crashReports = false

  @Option(
    help:
      "The maximum number of kept failed pods (pod.keep_failed); the oldest are removed first. Default: 5."
  )
  var keepFailedMax: String?

  @Option(
    help:
      "The usage of the engine's disk, in percent, above which no failed pod is kept. Default: 85.")
  var keepFailedDisk: String?

  @Option(help: "The number of containers that are stopped and removed at a time. Default: 16.")
  var parallel: String?

  @Option(
    help: "Cgroups that are searched for runs, comma-separated. Default: mesos,compose-pods.")
  var cgroupRoots: String?

  @Option(help: "The agent's URL: http://HOST:PORT, https://HOST:PORT or unix:///PATH#slave(1).")
  var agentUrl: String?

  @Option(help: "A file with the bearer token for the agent.", completion: .file())
  var agentTokenFile: String?

  @Option(help: "A PEM file with the authorities of the agent's certificate.", completion: .file())
  var agentCaFile: String?

  @Flag(help: "The agent lists every run to this program, although it has access control.")
  var agentSeesEverything = false

  @Option(help: "The agent's --work_dir, for its checkpoints.", completion: .directory)
  var agentWorkDir: String?

  @Option(
    help: "The directory of the lock and the control socket. Default: /run/compose-pods.",
    completion: .directory)
  var runDir: String?

  @Option(
    help: "The socket for leases of executors. Default: lease.sock in the run directory.",
    completion: .file())
  var leaseSocket: String?

  @Option(
    help:
      "The socket for notifications of the agent's hook. Default: notify.sock in the run directory.",
    completion: .file())
  var notifySocket: String?

  @Option(
    help: "The directory of unsent notifications. Default: spool in the run directory.",
    completion: .directory)
  var spoolDir: String?

  @Option(
    help: "The directory of the journal. Default: /var/lib/compose-pods.", completion: .directory)
  var stateDir: String?

  @Option(help: "The size at which the journal continues in a new file. Default: 10m.")
  var journalSize: String?

  @Option(help: "How long to wait until another pass is complete. Default: 30s.")
  var lockTimeout: String?

  @Option(
    help:
      "on removes unused images that pods have pulled; off removes none. Default: off.",
    completion: .list(["on", "off"]))
  var imageCare: String?

  @Option(help: "With image-care: how long an image must have been unused. Default: 7d.")
  var imageAge: String?

  @Option(help: "With image-care: the maximum number of images that one pass removes. Default: 10.")
  var imageMax: String?

  @Option(
    help:
      "With image-care: names of images that are not removed, comma-separated, with * for any text, such as registry.example.org/base/*."
  )
  var imageKeep: String?

  @Option(
    help:
      "With image-care: usage of the disk of the engine's data, in percent, above which younger images are removed too; 0: never. Default: 85."
  )
  var diskHigh: String?

  @Option(
    help: "With image-care: usage of that disk, in percent, below which that stops. Default: 80.")
  var diskLow: String?

  @Option(help: "Serve Prometheus metrics: 127.0.0.1:PORT or a socket's path.")
  var metrics: String?

  @Option(
    help: "The log level: debug, info, warning or error. Default: info.",
    completion: .list(["debug", "info", "warning", "error"]))
  var logLevel: String?

  @Option(
    help: "The log format: text or json. Default: text.", completion: .list(["text", "json"]))
  var logFormat: String?

  /// Combines the options with the environment and the settings file.
  ///
  /// - Returns: the settings.
  /// - Throws: `ConfigurationError`, `DiagnosticError`.
  func settings() throws -> ReaperSettings {
    let environment = ProcessEnvironment.current
    let given: [(SettingName, String?)] = [
      (.grace, grace), (.interval, interval), (.stopTimeout, stopTimeout),
      (.removalTimeout, removalTimeout), (.keepVolumes, keepVolumes ? "true" : nil),
      (.crashReports, crashReports ? "true" : nil), (.keepFailedMax, keepFailedMax),
      (.keepFailedDisk, keepFailedDisk),
      (.parallel, parallel), (.cgroupRoots, cgroupRoots), (.agentURL, agentUrl),
      (.agentTokenFile, agentTokenFile), (.agentAuthorities, agentCaFile),
      (.agentSeesEverything, agentSeesEverything ? "true" : nil),
      (.agentWorkDirectory, agentWorkDir),
      (.runDirectory, runDir), (.leaseSocket, leaseSocket), (.notifySocket, notifySocket),
      (.spoolDirectory, spoolDir), (.stateDirectory, stateDir), (.journalSize, journalSize),
      (.imageCare, imageCare), (.imageAge, imageAge), (.imageMax, imageMax),
      (.imageKeep, imageKeep), (.diskHigh, diskHigh), (.diskLow, diskLow),
      (.lockTimeout, lockTimeout), (.metrics, metrics), (.logLevel, logLevel),
      (.logFormat, logFormat),
    ]
    var options: [SettingName: String] = [:]
    for (name, value) in given { options[name] = value }
    return try ReaperSettings(
      options: options, environment: environment,
      file: config ?? environment["POD_REAPER_CONFIG"])
  }
}
