import ArgumentParser
import Compose
import Program
import ResourceSums
import Linux
import Settings
import ComposeArguments

/// The rules for the sum, and the amounts for values that a file doesn't set.
struct SumArguments: ParsableArguments {
  @Flag(help: "Count what is reserved for a service where the file says so, else its limit.")
  var reservations = false

  @Option(help: "Processors of a container without a limit, such as 0.5.")
  var defaultCpus: String?

  @Option(help: "Memory of a container without a limit, such as 128m.")
  var defaultMem: String?

  @Option(help: "GPUs of a container that asks for all of a host's.")
  var defaultGpus: Int?

  @Option(help: "Processors of the executor itself. Default: 0.05.")
  var executorCpus: String?

  @Option(help: "Memory of the executor itself. Default: 48m.")
  var executorMem: String?

  /// The options of the sum.
  ///
  /// - Throws: `SettingError` for an invalid amount.
  func options() throws(SettingError) -> SumOptions {
    var options = SumOptions()
    options.usesReservations = reservations
    options.defaultCPUs = try cpus(defaultCpus, "default-cpus")
    options.defaultMemory = try Amount.memory(defaultMem, "default-mem")
    if let gpus = defaultGpus {
      guard (0...1_000_000).contains(gpus) else {
        throw SettingError(description: "--default-gpus takes a number of GPUs, not \(gpus)")
      }
      options.defaultGPUs = Int64(gpus)
    }
    if let cpus = try cpus(executorCpus, "executor-cpus") { options.executor.cpus = cpus }
    if let memory = try Amount.memory(executorMem, "executor-mem") {
      options.executor.memory = memory
    }
    return options
  }

  private func cpus(_ text: String?, _ name: String) throws(SettingError) -> CPUs? {
    guard let text else { return nil }
    guard let cpus = CPUs(text) else {
      throw SettingError(
        description: "--\(name) takes a number of processors such as 0.5, not '\(text)'")
    }
    return cpus
  }
}

/// Amounts on the command line.
enum Amount {
  /// Parses a memory size. A small number without a unit is refused: Mesos counts MiB and Compose
  /// counts bytes.
  ///
  /// - Throws: `SettingError`
  static func memory(_ text: String?, _ name: String) throws(SettingError) -> ByteSize? {
    guard let text else { return nil }
    guard let size = ByteSize(text), size == .zero || size.bytes >= 1_048_576 else {
      throw SettingError(description: "--\(name) takes a size such as 64m or 1g, not '\(text)'")
    }
    return size
  }
}

/// The settings of a submission.
struct SubmissionArguments: ParsableArguments {
  @Option(
    help:
      "The app's ID, such as /group/web, or the job's role/environment/name. Default: made of the project's name."
  )
  var id: String?

  @Option(help: "How many pods.")
  var instances = 1

  @Option(
    help:
      "The address below which agents find the release's tarball, and a tarball of the project's folder named like it."
  )
  var filesAt: String?

  @Option(
    help:
      "The address of the release's tarball, or of a script that starts an installed executor (Marathon)."
  )
  var executorUri: String?

  @Option(help: "Something to fetch in place of the folder's tarball; several are possible.")
  var uri: [String] = []

  @Option(help: "A label, K=V; one of a name that is made takes its place.")
  var label: [String] = []

  @Option(help: "The user that the task runs as (Marathon).")
  var user: String?

  @Option(help: "Disk space, such as 256m. Default: none with Marathon, 256m with Aurora.")
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
  /// - Throws: `SettingError`, `ComposeError`
  func submission(_ files: FileOptions, _ project: Project) throws -> Submission {
    guard instances > 0, instances <= 1_000_000 else {
      throw SettingError(description: "--instances takes a number of pods, not \(instances)")
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
        throw SettingError(description: "--label takes a name and a value, K=V, not '\(text)'")
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
