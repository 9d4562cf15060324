import CLinux
import Glibc
import Logging
import SystemPackage

/// Writes each service's output into files of its own in the sandbox: `logs/SERVICE.stdout` and `logs/SERVICE.stderr`.
///
/// A task's files and containers may have put anything there. Only regular files that this program has made are written,
/// renamed or removed, each by its name in the directory that is open, so nothing leads out of it.
actor SplitLogs {
  /// The directory in the sandbox.
  static let directory = "logs"

  private let executor = QueueExecutor(label: "split-logs")
  private let sandbox: String
  private let limit: Int
  private let olderFiles: Int
  private let task: String
  private let log: Logger
  private var folder: LogFolder?
  private var isRefused = false
  private var hasReported = false
  private var files: [String: LogFile] = [:]

  /// The serial queue that writes happen on.
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Writes nothing before the first service has an output.
  ///
  /// - Parameters:
  ///   - sandbox: the directory that has `logs`.
  ///   - limit: how large a file may be, in bytes.
  ///   - olderFiles: how many older files of a stream are kept.
  ///   - task: the task's ID, in the names where another pod of the sandbox writes the same service's.
  ///   - log: is sent what can't be written.
  init(sandbox: String, limit: Int64, olderFiles: Int, task: String, log: Logger) {
    self.sandbox = sandbox
    self.limit = Int(limit)
    self.olderFiles = olderFiles
    self.task = task
    self.log = log
  }

  /// Makes the two files of a service, so that they can be followed before it writes.
  func open(_ service: String) {
    for stream in ["stdout", "stderr"] { _ = file(service, stream) }
  }

  /// Appends what a service wrote. What can't be written is dropped, and reported once.
  func write(_ bytes: [UInt8], of service: String, stream: String) {
    guard !bytes.isEmpty, let file = file(service, stream), let folder else { return }
    do {
      try file.write(bytes, limit: limit, olderFiles: olderFiles, in: folder)
    } catch let error as LogFile.Refusal {
      refuse(file, error.description)
    } catch {
      report(
        "\(Self.directory)/\(file.name) can't be written: \(error); what doesn't fit is dropped")
    }
  }

  /// Closes the files: another pod may go on with them.
  func close() {
    for file in files.values { file.close() }
    files = [:]
    isRefused = true
    folder = nil
  }

  private func file(_ service: String, _ stream: String) -> LogFile? {
    let key = "\(service).\(stream)"
    if let known = files[key] { return known.isRefused ? nil : known }
    guard let folder = openFolder() else { return nil }
    let file = LogFile(name: key)
    files[key] = file
    do {
      do {
        try file.open(in: folder)
      } catch LogFile.Refusal.isInUse {
        file.name = "\(service).\(task).\(stream)"
        try file.open(in: folder)
      }
    } catch let error as LogFile.Refusal {
      refuse(file, error.description)
      return nil
    } catch {
      report("\(Self.directory)/\(file.name) can't be made: \(error); it is tried again")
    }
    return file
  }

  private func openFolder() -> LogFolder? {
    if let folder { return folder }
    guard !isRefused else { return nil }
    do {
      folder = try LogFolder(sandbox: sandbox, name: Self.directory)
    } catch {
      isRefused = true
      log.warning(
        "split_logs: \(Self.directory) in \(sandbox) is no directory that can be used: \(error); no service has files there"
      )
    }
    return folder
  }

  private func refuse(_ file: LogFile, _ reason: String) {
    file.isRefused = true
    file.close()
    log.warning(
      "split_logs: \(Self.directory)/\(file.name) \(reason): nothing more is written there")
  }

  private func report(_ text: String) {
    guard !hasReported else { return }
    hasReported = true
    log.warning("split_logs: \(text)")
  }
}
