import ArgumentParser
import Linux
import Program
import Reaping
import Settings

/// The command-line options of the settings.
struct SettingOptions: ParsableArguments {
  @Option(
    help: "The settings file. Default: /etc/pod-reaper.yaml, if it is there.", completion: .file())
  var config: String?

  @Option(help: "How old a proof of death must be. Default: 30s.")
  var grace: String?

  @Option(help: "The time between full passes. Default: 60s.")
  var interval: String?

  @Option(help: "The longest that a container may take to stop; 0s kills at once. Default: 10s.")
  var stopTimeout: String?

  @Option(help: "How long what the engine refuses is tried again in one pass. Default: 30s.")
  var removalTimeout: String?

  @Flag(help: "Leave named volumes.")
  var keepVolumes = false

  @Flag(help: "Write the report of a crashed executor's pod into its sandbox.")
  var crashReports = false

  @Option(help: "How many failed pods are kept (pod.keep_failed); the oldest go first. Default: 5.")
  var keepFailedMax: String?

  @Option(
    help:
      "How full the engine's disk may be for any failed pod to be kept, in percent. Default: 85.")
  var keepFailedDisk: String?

  @Option(help: "How many containers are stopped and removed at once. Default: 16.")
  var parallel: String?

  @Option(
    help: "Cgroups below which runs are looked for, comma separated. Default: mesos,compose-pods.")
  var cgroupRoots: String?

  @Option(help: "The agent: http://HOST:PORT, https://HOST:PORT or unix:///PATH#slave(1).")
  var agentUrl: String?

  @Option(help: "A file that holds the bearer token for the agent.", completion: .file())
  var agentTokenFile: String?

  @Option(help: "A PEM file of the authorities that vouch for the agent.", completion: .file())
  var agentCaFile: String?

  @Flag(help: "The agent shows every run to this program, whatever its access control.")
  var agentSeesEverything = false

  @Option(help: "The agent's --work_dir, for its checkpoints.", completion: .directory)
  var agentWorkDir: String?

  @Option(
    help: "The folder of lock and control socket. Default: /run/compose-pods.",
    completion: .directory)
  var runDir: String?

  @Option(
    help: "Where executors lease. Default: lease.sock in the run folder.", completion: .file())
  var leaseSocket: String?

  @Option(
    help: "Where the agent's hook notifies. Default: notify.sock in the run folder.",
    completion: .file())
  var notifySocket: String?

  @Option(
    help: "Where notifications wait. Default: spool in the run folder.", completion: .directory)
  var spoolDir: String?

  @Option(
    help: "The folder of the journal. Default: /var/lib/compose-pods.", completion: .directory)
  var stateDir: String?

  @Option(help: "The journal's size at which a new file is begun. Default: 10m.")
  var journalSize: String?

  @Option(help: "How long to wait for another pass. Default: 30s.")
  var lockTimeout: String?

  @Option(
    help:
      "on removes images that pods have pulled and nobody uses; off leaves all. Default: off.",
    completion: .list(["on", "off"]))
  var imageCare: String?

  @Option(help: "With image-care: how long nobody must have used an image. Default: 7d.")
  var imageAge: String?

  @Option(help: "With image-care: how many images are removed in one pass. Default: 10.")
  var imageMax: String?

  @Option(
    help:
      "With image-care: names of images that stay, comma separated, with * for any text, such as registry.example.com/base/*."
  )
  var imageKeep: String?

  @Option(
    help:
      "With image-care: percent of the disk of the engine's data above which younger images go as well; 0 for never. Default: 85."
  )
  var diskHigh: String?

  @Option(help: "With image-care: percent of that disk below which they stay again. Default: 80.")
  var diskLow: String?

  @Option(help: "Serve Prometheus metrics: 127.0.0.1:PORT or a socket's path.")
  var metrics: String?

  @Option(
    help: "debug, info, warning or error. Default: info.",
    completion: .list(["debug", "info", "warning", "error"]))
  var logLevel: String?

  @Option(help: "text or json. Default: text.", completion: .list(["text", "json"]))
  var logFormat: String?

  /// Combines the options with the environment and the settings file.
  ///
  /// - Returns: the settings.
  /// - Throws: `SettingError`, `ComposeError`.
  func settings() throws -> ReaperSettings {
    let environment = ProcessEnvironment.current
    let given: [(SettingName, String?)] = [
      (.grace, grace), (.interval, interval), (.stopTimeout, stopTimeout),
      (.removalTimeout, removalTimeout), (.keepVolumes, keepVolumes ? "true" : nil),
      (.crashReports, crashReports ? "true" : nil), (.keepFailedMax, keepFailedMax),
      (.keepFailedDisk, keepFailedDisk),
      (.parallel, parallel), (.cgroupRoots, cgroupRoots), (.agentURL, agentUrl),
      (.agentTokenFile, agentTokenFile), (.agentAuthorities, agentCaFile),
      (.agentSeesEverything, agentSeesEverything ? "true" : nil), (.agentWorkFolder, agentWorkDir),
      (.runFolder, runDir), (.leaseSocket, leaseSocket), (.notifySocket, notifySocket),
      (.spoolFolder, spoolDir), (.stateFolder, stateDir), (.journalSize, journalSize),
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
