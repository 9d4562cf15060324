import Glibc
import Subprocess
import SystemPackage

/// Runs hooks, each to its end or its deadline.
struct HookRun: Sendable {
  /// Where they run.
  let folder: String
  /// What they see.
  let environment: [String: String]

  /// Runs one.
  ///
  /// - Parameters:
  ///   - hook: the hook.
  ///   - input: what it reads from its standard input.
  ///   - limit: how long it may take, if that is less than its own time.
  /// - Returns: what went wrong, in words; nil if it ended with 0.
  func run(_ hook: PodHook, input: String, limit: Duration? = nil) async -> String? {
    let words = "the \(hook.event.rawValue) hook '\(hook.command)'"
    let timeout = min(hook.timeout, limit ?? hook.timeout)
    do {
      // A file and no pipe: a hook need not read it.
      let file = try Self.file(with: input)
      defer { try? file.close() }
      guard let status = try await status(of: hook.command, input: file, within: timeout) else {
        return "\(words) took longer than \(timeout)"
      }
      switch status {
      case .exited(0): return nil
      case .exited(let code): return "\(words) ended with \(code)"
      case .signaled(let signal): return "\(words) was ended by signal \(signal)"
      }
    } catch is CancellationError {
      return "\(words) was cut off by the pod's end"
    } catch {
      return "\(words) can't be run: \(error)"
    }
  }

  private func status(
    of command: String, input: FileDescriptor, within timeout: Duration
  ) async throws -> TerminationStatus? {
    let custom = Dictionary(
      uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    let folder = FilePath(folder)
    return try await processStatus(within: timeout) { platform in
      try await Subprocess.run(
        .path("/bin/sh"), arguments: ["-c", command], environment: .custom(custom),
        workingDirectory: folder, platformOptions: platform,
        input: .fileDescriptor(input, closeAfterSpawningProcess: false),
        // What it says stands in the sandbox beside the executor's own words.
        output: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
        error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
      ).terminationStatus
    }
  }

  /// A file without a name, at its beginning.
  private static func file(with text: String) throws -> FileDescriptor {
    guard let stream = tmpfile() else { throw Errno(rawValue: errno) }
    defer { fclose(stream) }
    let number = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0)
    guard number >= 0 else { throw Errno(rawValue: errno) }
    let file = FileDescriptor(rawValue: number)
    do {
      try file.writeAll(text.utf8)
      try file.seek(offset: 0, from: .start)
      return file
    } catch {
      try? file.close()
      throw error
    }
  }
}
