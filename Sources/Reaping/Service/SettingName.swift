import Settings

/// The settings: each is a long option, a variable `POD_REAPER_…` and a key of
/// `/etc/pod-reaper.yaml`.
package enum SettingName: String, CaseIterable, SettingKey {
  package static let variablePrefix = "POD_REAPER"

  case agentAuthorities = "agent-ca-file"
  case agentSeesEverything = "agent-sees-everything"
  case agentTokenFile = "agent-token-file"
  case agentURL = "agent-url"
  case agentWorkDirectory = "agent-work-dir"
  case cgroupRoots = "cgroup-roots"
  case crashReports = "crash-reports"
  case diskHigh = "disk-high"
  case diskLow = "disk-low"
  case grace
  case imageAge = "image-age"
  case imageCare = "image-care"
  case imageKeep = "image-keep"
  case imageMax = "image-max"
  case interval
  case journalSize = "journal-size"
  case keepFailedDisk = "keep-failed-disk"
  case keepFailedMax = "keep-failed-max"
  case keepVolumes = "keep-volumes"
  case leaseSocket = "lease-socket"
  case lockTimeout = "lock-timeout"
  case logFormat = "log-format"
  case logLevel = "log-level"
  case metrics
  case notifySocket = "notify-socket"
  case parallel
  case removalTimeout = "removal-timeout"
  case runDirectory = "run-dir"
  case spoolDirectory = "spool-dir"
  case stateDirectory = "state-dir"
  case stopTimeout = "stop-timeout"

  /// The default value.
  package var standard: String? {
    switch self {
    case .agentAuthorities, .agentTokenFile, .agentURL, .agentWorkDirectory, .imageKeep, .metrics:
      nil
    // The defaults are in the run directory.
    case .leaseSocket, .notifySocket, .spoolDirectory: nil
    case .agentSeesEverything, .crashReports, .keepVolumes: "false"
    case .cgroupRoots: "mesos,compose-pods"
    case .diskHigh: "85"
    case .diskLow: "80"
    case .grace: "30s"
    case .imageAge: "7d"
    case .imageCare: "off"
    case .imageMax: "10"
    case .interval: "60s"
    case .journalSize: "10m"
    case .keepFailedDisk: "85"
    case .keepFailedMax: "5"
    case .lockTimeout: "30s"
    case .logFormat: "text"
    case .logLevel: "info"
    case .parallel: "16"
    case .removalTimeout: "30s"
    case .runDirectory: "/run/compose-pods"
    case .stateDirectory: "/var/lib/compose-pods"
    case .stopTimeout: "10s"
    }
  }
}
