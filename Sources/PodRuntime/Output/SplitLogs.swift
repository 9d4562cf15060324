import CLinux
import Glibc
import Logging
import SystemPackage

/// Writes each service's output into its own files in the sandbox: `logs/SERVICE.stdout` and
/// `logs/SERVICE.stderr`.
///
/// A task's files and containers may create anything there. Only regular files that this program
/// created are written, renamed or removed, each by its name in the open directory, so no link
/// leads out of it.
actor SplitLogs {
  /// The directory in the sandbox.
  static let directory = "logs"

  private let executor = QueueExecutor(label: "split-logs")
  private let sandbox: String
  private let limit: Int
  private let olderFiles: Int
  private let task: String
  private let log: Logger
  private var directory: LogDirectory?
  private var isRefused = false
  private var hasReported = false
  private var files: [String: LogFile] = [:]

  /// The serial queue that writes run on.
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Creates a writer, which writes nothing until the first service has output.
  ///
  /// - Parameters:
  ///   - sandbox: the directory that has `logs`.
  ///   - limit: the size of a file, in bytes.
  ///   - olderFiles: the number of older files of a stream to keep.
  ///   - task: the task's ID, which is part of the file names if another pod of the sandbox writes
  ///     the same service's files.
  ///   - log: receives errors.
  init(sandbox: String, limit: Int64, olderFiles: Int, task: String, log: Logger) {
    self.sandbox = sandbox
    self.limit = Int(limit)
    self.olderFiles = olderFiles
    self.task = task
    self.log = log
  }

  /// Creates the two files of a service, so that they can be followed before it writes.
  func open(_ service: String) {
    for stream in ["stdout", "stderr"] { _ = file(service, stream) }
  }

  /// Appends output of a service. Output that can't be written is dropped, which is logged once.
  func write(_ bytes: [UInt8], of service: String, stream: String) {
    guard !bytes.isEmpty, let file = file(service, stream), let directory else { return }
    do {
      try file.write(bytes, limit: limit, olderFiles: olderFiles, in: directory)
    } catch let error as LogFile.Refusal {
      refuse(file, error.description)
    } catch {
      report(
        "\(Self.directory)/\(file.name) can't be written: \(error); the output that doesn't fit is dropped"
      )
    }
  }

  /// Closes the files. Another pod may continue them.
  func close() {
    for file in files.values { file.close() }
    files = [:]
    isRefused = true
    directory = nil
  }

  private func file(_ service: String, _ stream: String) -> LogFile? {
    let key = "\(service).\(stream)"
    if let known = files[key] { return known.isRefused ? nil : known }
    guard let directory = openDirectory() else { return nil }
    let file = LogFile(name: key)
    files[key] = file
    do {
      do {
        try file.open(in: directory)
      } catch LogFile.Refusal.isInUse {
        file.name = "\(service).\(task).\(stream)"
        try file.open(in: directory)
      }
    } catch let error as LogFile.Refusal {
      refuse(file, error.description)
      return nil
    } catch {
      report("\(Self.directory)/\(file.name) can't be created: \(error); it is tried again")
    }
    return file
  }

  private func openDirectory() -> LogDirectory? {
    if let directory { return directory }
    guard !isRefused else { return nil }
    do {
      directory = try LogDirectory(sandbox: sandbox, name: Self.directory)
    } catch {
      isRefused = true
      log.warning(
        "split_logs: \(Self.directory) in \(sandbox) can't be used as a directory: \(error); no files are written"
      )
    }
    return directory
  }

  private func refuse(_ file: LogFile, _ reason: String) {
    file.isRefused = true
    file.close()
    log.warning(
      "split_logs: \(Self.directory)/\(file.name) \(reason): no more output is written to it")
  }

  private func report(_ text: String) {
    guard !hasReported else { return }
    hasReported = true
    log.warning("split_logs: \(text)")
  }
}
