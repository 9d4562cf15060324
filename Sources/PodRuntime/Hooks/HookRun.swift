import SystemPackage
import Linux

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
      let file = try UnlinkedFile.with(input)
      defer { try? file.close() }
      let shell = SupervisedProcess(
        "/bin/sh", ["-c", hook.command], environment: environment, folder: folder)
      // What it says stands in the sandbox beside the executor's own words.
      switch try await shell.run(
        within: timeout, input: file, output: .standardError, error: .standardError)
      {
      case .exited(0): return nil
      case .exited(let code): return "\(words) ended with \(code)"
      case .signalled(let signal): return "\(words) was ended by signal \(signal)"
      case nil: return "\(words) took longer than \(timeout)"
      }
    } catch is CancellationError {
      return "\(words) was cut off by the pod's end"
    } catch {
      return "\(words) can't be run: \(error)"
    }
  }
}
