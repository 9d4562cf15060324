import SystemPackage
import Linux

/// Runs hooks, each until it exits or reaches its deadline.
struct HookRunner: Sendable {
  /// The hooks' working directory.
  let directory: String
  /// The hooks' environment.
  let environment: [String: String]

  /// Runs one hook.
  ///
  /// - Parameters:
  ///   - hook: the hook.
  ///   - input: the hook's standard input.
  ///   - limit: a time limit, if it is shorter than the hook's own.
  /// - Returns: the failure's text; nil if the hook exited with 0.
  func run(_ hook: PodHook, input: String, limit: Duration? = nil) async -> String? {
    let words = "the \(hook.event.rawValue) hook '\(hook.command)'"
    let timeout = min(hook.timeout, limit ?? hook.timeout)
    do {
      // A file instead of a pipe: a hook need not read its input.
      let file = try UnlinkedFile.with(input)
      defer { try? file.close() }
      let shell = SupervisedProcess(
        "/bin/sh", ["-c", hook.command], environment: environment, directory: directory)
      // The hook's output goes to the sandbox, next to the executor's own log.
      switch try await shell.run(
        within: timeout, input: file, output: .standardError, error: .standardError)
      {
      case .exited(0): return nil
      case .exited(let code): return "\(words) exited with \(code)"
      case .signaled(let signal): return "\(words) was killed by signal \(signal)"
      case nil: return "\(words) took longer than \(timeout)"
      }
    } catch is CancellationError {
      return "\(words) was killed because the pod stopped"
    } catch {
      return "\(words) can't be run: \(error)"
    }
  }
}
