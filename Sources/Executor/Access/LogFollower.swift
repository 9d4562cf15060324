import Concurrency
import DockerEngine
import PodIdentity
import PodObjects
import PodRuntime
import Program
import Synchronization

/// Prints a pod's logs as they are written, across restarts of its containers and of the engine,
/// until the pod is gone.
struct LogFollower: Sendable {
  let engine: DockerEngine
  let identity: PodIdentity
  let output: OutputWriter
  let scope: LogScope

  /// The longest absence of the engine.
  private static let patience = Duration.seconds(120)

  /// Prints until the pod is gone or the reader of the output is gone.
  ///
  /// - Throws: `EngineError` where the engine does not return.
  func run() async throws {
    let state = State()
    try await withThrowingDiscardingTaskGroup { group in
      defer { state.finish() }
      var lastContact = ContinuousClock.now
      while true {
        do {
          let events = try await engine.events(filters: [
            "type": ["container"], "label": ["\(PodLabel.run)=\(identity.run)"],
          ])
          if try await refresh(state, &group) { return }
          lastContact = .now
          for try await event in events {
            lastContact = .now
            switch event.action {
            case "start":
              if !state.signal(event.actorID) { _ = try await refresh(state, &group) }
            case "destroy":
              state.finish(event.actorID)
              if try await refresh(state, &group) { return }
            default: break
            }
          }
        } catch let error as EngineError {
          guard !error.isRefusal, lastContact + Self.patience > .now else { throw error }
        }
        try await Task.sleep(for: .milliseconds(500))
      }
    }
  }

  /// Starts to follow new containers.
  ///
  /// - Returns: whether the pod is gone.
  private func refresh(
    _ state: State, _ group: inout ThrowingDiscardingTaskGroup<any Error>
  ) async throws -> Bool {
    var pod: ListedPod?
    // Between the removal of a service's container and the creation of the next one, the pod may
    // have none.
    for attempt in 0..<3 {
      pod = try await PodInventory(engine: engine, doubt: .leaveAlone).pods(named: identity.run)
        .first { $0.identity.run == identity.run }
      if pod?.containers.isEmpty == false { break }
      if attempt < 2 { try await Task.sleep(for: .milliseconds(500)) }
    }
    guard let pod, !pod.containers.isEmpty else { return true }
    for container in scope.containers(of: pod) {
      if state.signal(container.id) { continue }
      let signals = state.add(container.id)
      let renderer = scope.renderer(of: container, in: pod)
      group.addTask {
        try await follow(container, renderer, signals, state)
      }
    }
    return false
  }

  /// Follows one container. Each signal represents a start.
  private func follow(
    _ container: ListedContainer, _ renderer: LogRenderer, _ starts: AsyncStream<Void>,
    _ state: State
  ) async throws {
    var log: ContainerLog?
    for await _ in starts {
      do {
        if log == nil {
          log = ContainerLog(
            container, isTerminal: try await engine.inspectContainer(container.id).config.tty,
            engine: engine, range: scope.range, renderer: renderer)
        }
        guard let log else { continue }
        var iterator = try await log.open(follow: true)
        while let batch = try await iterator.nextBatch() {
          // Later output could not be written either.
          guard await log.print(batch, to: output) else {
            guard let failure = await output.failure else { endProcess(0) }
            StandardError.line("compose-executor: \(failure)")
            endProcess(1)
          }
        }
      } catch let error as EngineError {
        if error.isNotFound || error.isConflict { continue }
        if LogScope.isUnreadable(error) {
          scope.warnOfDriver(container, identity)
          return
        }
        guard !error.isRefusal else { throw error }
        // The engine is away. When it is back, its events and this log are followed again.
      }
    }
    _ = await log?.print(nil, to: output)
  }

  private final class State: Sendable {
    private let starts = Mutex<[String: AsyncStream<Void>.Continuation]>([:])

    func add(_ id: String) -> AsyncStream<Void> {
      let (stream, starts) = AsyncStream.makeStream(
        of: Void.self, bufferingPolicy: .bufferingNewest(1))
      self.starts.withLock { $0[id] = starts }
      starts.yield()
      return stream
    }

    /// Signals a start; false for an unknown container.
    func signal(_ id: String) -> Bool {
      starts.withLock { $0[id]?.yield() != nil }
    }

    func finish(_ id: String) { starts.withLock { $0[id]?.finish() } }

    func finish() { starts.withLock { for starts in $0.values { starts.finish() } } }
  }
}

/// The containers whose logs are printed, and the format.
struct LogScope: Sendable {
  /// The services as the user typed them; empty for all.
  let services: [String]
  let range: LogRange
  let style: LogStyle
  /// The location of the agent's sandboxes, for messages.
  let sandboxes: SandboxSearch

  /// The containers whose logs are printed.
  func containers(of pod: ListedPod) -> [ListedContainer] {
    guard !services.isEmpty else { return pod.services }
    // A container that is named twice has its lines printed once.
    let named = Set(services.flatMap { pod.containers(of: $0) }.map(\.id))
    return pod.services.filter { named.contains($0.id) }
  }

  /// The renderer for the lines of a container.
  func renderer(of container: ListedContainer, in pod: ListedPod) -> LogRenderer {
    let shown = containers(of: pod)
    let names = Set(pod.services.map(\.displayName)).sorted()
    return LogRenderer(
      style: style, service: container.displayName, container: container.summary.name,
      width: shown.map { Printable.line($0.displayName).unicodeScalars.count }.max() ?? 0,
      index: names.firstIndex(of: container.displayName) ?? 0)
  }

  /// Whether the engine refused because the container's log driver does not support reading.
  static func isUnreadable(_ error: EngineError) -> Bool {
    error.kind == .status(501) || error.message.contains("does not support reading")
  }

  /// Prints that a log can't be read, and where its lines are.
  func warnOfDriver(_ container: ListedContainer, _ identity: PodIdentity) {
    let sandbox = sandboxes.sandbox(of: identity)
    StandardError.line(
      "compose-executor: '\(Printable.line(container.displayName))' has a log driver that can't be read; its output is in "
        + (sandbox.map { "\(Printable.line($0))/stdout and stderr" }
          ?? "the sandbox's stdout and stderr"))
  }
}
