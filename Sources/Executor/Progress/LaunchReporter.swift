import Concurrency
import Logging
import PodControl
import PodRuntime
import Program

/// Prints the progress of a pod's launch. After the launch it does nothing at intervals.
actor LaunchReporter {
  /// The output of the progress.
  enum Target: Sendable {
    /// Lines of a terminal that are redrawn in place. The width is a fixed number, or the
    /// terminal's.
    case screen(OutputRegion, Terminal, descriptor: Int32, width: Int?)
    /// A log line for each change, and every 30 s the conditions that the launch waits for.
    case log
    /// No output.
    case nothing
  }

  private let history: PodHistory
  private let pulls: PullBoard
  private let target: Target
  private let log: Logger
  /// The prefix of log lines.
  private let prefix: String
  private let begin = ContinuousClock.now
  private var progress = LaunchProgress()
  private let end: LaunchEnd?

  /// Prepares the report, which `follow` prints.
  ///
  /// - Parameters:
  ///   - pod: the pod.
  ///   - target: the output.
  ///   - log: receives lines.
  ///   - prefix: the prefix of these lines.
  ///   - end: notified once the end of the launch has been printed.
  init(
    _ pod: Pod, to target: Target, log: Logger, prefix: String = "", end: LaunchEnd? = nil
  ) {
    history = pod.history
    pulls = pod.pulls
    self.target = target
    self.log = log
    self.prefix = prefix
    self.end = end
  }

  /// Reports until the pod has ended.
  func follow() async {
    let ticks = Task { await self.tick() }
    for await event in history.subscribe() { await add(event, ticks) }
    ticks.cancel()
    await ticks.value
    end?.come()
  }

  private func add(_ event: PodEvent, _ ticks: Task<Void, Never>) async {
    if progress.end != nil { return reportImage(event) }
    let line = progress.add(event, at: .now - begin)
    if case .log = target, let line { log.info("\(prefix)\(line)") }
    guard progress.end != nil else { return await draw() }
    ticks.cancel()
    await ticks.value
    if case .screen(let region, _, _, _) = target { await region.leave(screen(isLast: true)) }
    end?.come()
  }

  /// After the launch, an image that has been removed is pulled or built again. This takes time, so
  /// it is reported.
  private func reportImage(_ event: PodEvent) {
    if case .nothing = target { return }
    switch event.kind {
    case .imagePulling, .imagePulled, .imageBuilding, .imageBuilt:
      if let line = progress.add(event, at: .now - begin) { log.info("\(prefix)\(line)") }
    default: break
    }
  }

  private func tick() async {
    let interval: Duration
    switch target {
    case .screen: interval = .milliseconds(100)
    case .log: interval = .seconds(30)
    case .nothing: return
    }
    while !Task.isCancelled {
      try? await Task.sleep(for: interval)
      if Task.isCancelled { return }
      if case .log = target {
        for line in progress.waits(at: .now - begin, pulls: pulls.all) {
          log.info("\(prefix)\(line)")
        }
      } else {
        await draw()
      }
    }
  }

  private func draw() async {
    if case .screen(let region, _, _, _) = target { await region.show(screen(isLast: false)) }
  }

  private func screen(isLast: Bool) -> [String] {
    guard case .screen(_, let terminal, let descriptor, let width) = target else { return [] }
    // The window may have been resized.
    let size = Terminal.size(of: descriptor)
    return progress.screen(
      at: .now - begin, pulls: pulls.all, width: width ?? size?.columns ?? 80,
      height: isLast ? nil : size?.rows ?? 24, terminal: terminal)
  }
}

/// Signals that the end of a launch has been printed.
final class LaunchEnd: Sendable {
  private let source: AsyncStream<Void>.Continuation
  private let waiting: Task<Void, Never>

  /// A signal that has not been sent.
  init() {
    let (stream, source) = AsyncStream.makeStream(of: Void.self)
    self.source = source
    waiting = Task { for await _ in stream {} }
  }

  /// Sends the signal.
  func come() { source.finish() }

  /// Waits for the signal, but no longer than a limit.
  func wait(within limit: Duration) async { _ = await waiting.hasEnded(within: limit) }
}
