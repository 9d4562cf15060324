import CLinux
import Concurrency
import Dispatch
import DockerEngine
import Glibc
import Linux
import Program
import Synchronization

/// One command in a container, from its creation to its exit code.
final class ExecSession: Sendable {
  private let engine: DockerEngine
  private let container: String
  private let body: ExecCreate
  private let terminal: RawTerminal?
  private let id = Mutex<String?>(nil)
  /// The signal that terminates this process, once it has decided to stop the command too.
  private let fatalSignal = Mutex<Int32?>(nil)

  /// Prepares a command.
  ///
  /// - Parameters:
  ///   - engine: the engine.
  ///   - container: the container's ID.
  ///   - body: the command; if it has a terminal, this process's standard input is one.
  init(engine: DockerEngine, container: String, body: ExecCreate) {
    (self.engine, self.container, self.body) = (engine, container, body)
    terminal = body.tty == true ? RawTerminal(STDIN_FILENO) : nil
  }

  /// Runs the command with this process's standard streams.
  ///
  /// - Returns: the exit code of the command.
  /// - Throws: `EngineError`; `CommandError`.
  func run() async throws -> Int32 {
    let signals = await TerminationSignals()
    let others = await OtherSignals([SIGWINCH, SIGQUIT])
    let arrivals = signals.stream
    let watch = Task { await self.obey(arrivals) }
    let sizes = Task { await self.obey(others) }
    defer {
      terminal?.restore()
      watch.cancel()
      sizes.cancel()
      withExtendedLifetime((signals, others)) {}
    }
    let id = try await engine.createExec(container, body)
    self.id.withLock { $0 = id }
    let isTerminal = body.tty == true
    terminal?.setRaw()
    let pump = ExecPump(try await engine.execStart(id, tty: isTerminal)) {
      if isTerminal { others.repeatSize() }
    }
    let result: Result<ExecPump.Outcome, any Error> = await withCheckedContinuation { waiting in
      DispatchQueue(label: "exec").async {
        waiting.resume(returning: Result { try pump.run() })
      }
    }
    switch try result.get() {
    case .ended:
      let code = try await exitCode(of: id)
      // If this process stops the command because of a signal, the exit code is that of the signal,
      // even if the command's exit is noticed first.
      return fatalSignal.withLock { $0 }.map { 128 + $0 } ?? code
    case .outputFailed(let error, let stream):
      _ = await send(SIGPIPE)
      let name = stream == .stdout ? "standard output" : "standard error"
      guard let failure = StandardOutput.failure(error, of: name) else { return 128 + SIGPIPE }
      terminal?.restore()
      throw CommandError(failure, code: 1)
    }
  }

  /// The engine reports the exit code a moment after the end of the output.
  private func exitCode(of id: String) async throws -> Int32 {
    let deadline = ContinuousClock.now + .seconds(10)
    var wait = Duration.milliseconds(2)
    do {
      while true {
        if let code = try await engine.execExitCode(id) { return Int32(truncatingIfNeeded: code) }
        if ContinuousClock.now > deadline { break }
        try await Task.sleep(for: wait)
        wait = min(wait * 2, .milliseconds(200))
      }
    } catch let error as EngineError where error.isNotFound {
      throw CommandError(
        "the container was removed before the command's exit code was read", code: 1)
    }
    throw CommandError(
      "the command has closed its output and is still running: its exit code isn't known", code: 1)
  }

  // MARK: - Signals

  private func obey(_ signals: AsyncStream<Int32>) async {
    var isFirst = true
    for await signal in signals {
      await obey(signal, isFirst: isFirst)
      isFirst = false
    }
  }

  private func obey(_ others: OtherSignals) async {
    var tries = 0
    for await signal in others.stream {
      guard signal == SIGWINCH else {
        await obey(signal, isFirst: true)
        continue
      }
      guard body.tty == true, let id = id.withLock({ $0 }),
        let size = RawTerminal.size(of: STDIN_FILENO)
      else { continue }
      do {
        try await engine.resizeExec(id, rows: size.rows, columns: size.columns)
        tries = 0
      } catch {
        // A command that is just being started has no terminal yet.
        tries += 1
        guard tries < 20 else { continue }
        try? await Task.sleep(for: .milliseconds(10 * tries))
        others.repeatSize()
      }
    }
  }

  /// A command without a terminal receives the signal, and a second signal kills it. With a
  /// terminal, the signal means that this process has lost its own terminal or must exit: the
  /// command then receives SIGHUP.
  private func obey(_ signal: Int32, isFirst: Bool) async {
    if terminal == nil, isFirst, await send(signal) { return }
    fatalSignal.withLock { $0 = signal }
    let isSent = await send(terminal == nil ? SIGKILL : SIGHUP)
    terminal?.restore()
    if !isSent, id.withLock({ $0 }) != nil {
      StandardError.line(
        "compose-executor: no signal can be sent to the command: it may still be running")
    }
    endProcess(128 + signal)
  }

  /// Sends a signal to the command's process group, if this process sees the engine's processes.
  /// The engine knows a command's process only a moment after its first output.
  private func send(_ signal: Int32) async -> Bool {
    guard engine.endpoint.isLocal, let id = id.withLock({ $0 }) else { return false }
    let deadline = ContinuousClock.now + .seconds(2)
    while true {
      guard let details = try? await engine.inspectExec(id) else { return false }
      if details.isRunning, let pid = details.pid, pid > 1 {
        return await send(signal, to: pid, of: id)
      }
      if details.exitCode != nil && !details.isRunning || .now > deadline { return false }
      guard (try? await Task.sleep(for: .milliseconds(10))) != nil else { return false }
    }
  }

  private func send(_ signal: Int32, to pid: pid_t, of id: String) async -> Bool {
    let descriptor = linux_pidfd_open(pid)
    defer { if descriptor >= 0 { close(descriptor) } }
    // The engine's process IDs can be those of another PID namespace.
    guard let groups = try? TextFile.text("/proc/\(pid)/cgroup"), groups.contains(container),
      (try? await engine.inspectExec(id))?.isRunning == true
    else { return false }
    // While the descriptor accepts signals, it refers to the process that was checked.
    if descriptor >= 0, linux_pidfd_signal(descriptor, 0) != 0 { return false }
    if getpgid(pid) == pid, kill(-pid, signal) == 0 { return true }
    return (descriptor >= 0 ? linux_pidfd_signal(descriptor, signal) : kill(pid, signal)) == 0
  }
}

/// Signals whose default action does not terminate the process, or would leave the terminal in raw
/// mode. A Dispatch source can be used from any thread, which Dispatch does not declare to the
/// compiler.
private final class OtherSignals: @unchecked Sendable {
  let stream: AsyncStream<Int32>
  private let continuation: AsyncStream<Int32>.Continuation
  private let sources: [any DispatchSourceSignal]

  init(_ numbers: [Int32]) async {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    (self.stream, self.continuation) = (stream, continuation)
    var sources: [any DispatchSourceSignal] = []
    for number in numbers {
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      await withCheckedContinuation { listening in
        source.setRegistrationHandler { listening.resume() }
        source.activate()
      }
      sources.append(source)
    }
    self.sources = sources
  }

  /// Requests another transfer of the terminal's size.
  func repeatSize() { continuation.yield(SIGWINCH) }
}
