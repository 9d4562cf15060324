import ArgumentParser
import Compose
import Program
import PodResources
import Linux
import Settings
import ComposeArguments

/// The rules for the sum, and the amounts for values that a file doesn't set.
struct SumArguments: ParsableArguments {
  @Flag(help: "Count a service's reservations if the file has them, else its limits.")
  var reservations = false

  @Option(help: "CPUs that are counted for a container without a limit, such as 0.5.")
  var defaultCpus: String?

  @Option(help: "Memory that is counted for a container without a limit, such as 128m.")
  var defaultMem: String?

  @Option(help: "GPUs that are counted for a container that requests all GPUs of a host.")
  var defaultGpus: Int?

  @Option(help: "CPUs of the executor itself. Default: 0.05.")
  var executorCpus: String?

  @Option(help: "Memory of the executor itself. Default: 48m.")
  var executorMem: String?

  /// The options of the sum.
  ///
  /// - Throws: `ConfigurationError` for an invalid amount.
  func options() throws(ConfigurationError) -> SumOptions {
    var options = SumOptions()
    options.usesReservations = reservations
    options.defaultCPUs = try cpus(defaultCpus, "default-cpus")
    options.defaultMemory = try Amount.memory(defaultMem, "default-mem")
    if let gpus = defaultGpus {
      guard (0...1_000_000).contains(gpus) else {
        throw ConfigurationError(description: "--default-gpus takes a number of GPUs, not \(gpus)")
      }
      options.defaultGPUs = Int64(gpus)
    }
    if let cpus = try cpus(executorCpus, "executor-cpus") { options.executor.cpus = cpus }
    if let memory = try Amount.memory(executorMem, "executor-mem") {
      options.executor.memory = memory
    }
    return options
  }

  private func cpus(_ text: String?, _ name: String) throws(ConfigurationError) -> CPUs? {
    guard let text else { return nil }
    guard let cpus = CPUs(text) else {
      throw ConfigurationError(
        description: "--\(name) takes a number of CPUs such as 0.5, not '\(text)'")
    }
    return cpus
  }
}

/// Amounts on the command line.
enum Amount {
  /// Parses a memory size. A small number without a unit is refused: Mesos counts MiB and Compose
  /// counts bytes.
  ///
  /// - Throws: `ConfigurationError`
  static func memory(_ text: String?, _ name: String) throws(ConfigurationError) -> ByteSize? {
    guard let text else { return nil }
    guard let size = ByteSize(text), size == .zero || size.bytes >= 1_048_576 else {
      throw ConfigurationError(
        description: "--\(name) takes a size such as 64m or 1g, not '\(text)'")
    }
    return size
  }
}

/// The settings of a submission.
struct SubmissionArguments: ParsableArguments {
  @Option(
    help:
      "The app's ID, such as /group/web, or the job's role/environment/name. Default: derived from the project's name."
  )
  var id: String?

  @Option(help: "The number of pods.")
  var instances = 1

  @Option(
    help:
      "The URL of the directory that contains the release's tarball and DIRECTORY.tar.gz, the project directory's tarball."
  )
  var filesAt: String?

  @Option(
    help:
      "The URL of the release's tarball, or of a script that starts an installed executor (Marathon)."
  )
  var executorUri: String?

  @Option(
    help: "A URI that is fetched instead of the project directory's tarball. It can be repeated.")
  var uri: [String] = []

  @Option(help: "A label, K=V; it replaces a generated label of the same name. It can be repeated.")
  var label: [String] = []

  @Option(help: "The user that the task runs as (Marathon).")
  var user: String?

  @Option(
    help: "Disk space of the task, such as 256m. Default: none with Marathon, 256m with Aurora.")
  var disk: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Whether a finished pod starts again (Aurora; Marathon always does). Default: --service.")
  var service = true

  /// True if the user must still set the URLs.
  func isPlaceholder(_ format: ComposeResources.Format) -> Bool {
    filesAt == nil && (uri.isEmpty || (format == .marathon && executorUri == nil))
  }

  /// The submission.
  ///
  /// - Throws: `ConfigurationError`, `DiagnosticError`
  func submission(_ files: FileOptions, _ project: Project) throws -> Submission {
    guard instances > 0, instances <= 1_000_000 else {
      throw ConfigurationError(description: "--instances takes a number of pods, not \(instances)")
    }
    var submission = Submission(version: Version.text)
    submission.id = id
    submission.instances = Int64(instances)
    if let filesAt { submission.filesAt = filesAt }
    submission.executorURI = executorUri
    submission.uris = uri
    submission.user = user
    submission.disk = try Amount.memory(disk, "disk")
    submission.isService = service
    for text in label {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ConfigurationError(
          description: "--label takes a name and a value, K=V, not '\(text)'")
      }
      submission.labels.append((String(parts[0]), String(parts[1])))
    }
    submission.variables = try variables(files, project)
    return submission
  }

  /// The variables by which the executor reads the file with the options of this command line.
  private func variables(
    _ files: FileOptions, _ project: Project
  ) throws -> [(name: String, value: String)] {
    var variables = files.reading.given(ProcessEnvironment.current).sorted { $0.key < $1.key }
      .map { (name: $0.key, value: $0.value) }
    if !files.reading.profile.isEmpty {
      variables.append(("COMPOSE_PROFILES", files.reading.profile.joined(separator: ",")))
    }
    if !files.reading.envFile.isEmpty {
      let paths = try files.reading.envFile.map { try Submission.fetched($0, in: project) }
      variables.append(("COMPOSE_ENV_FILES", paths.joined(separator: ",")))
    }
    return variables
  }
}
