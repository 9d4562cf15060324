import DockerEngine
import PodIdentity

/// The engine's events about containers of pods. The sequence reconnects and doesn't end by itself.
struct EngineEvents: AsyncSequence, Sendable {
  enum Element: Sendable {
    /// Events follow from now on. Earlier changes must be found by listing.
    case connected
    /// The engine can't be reached, or has closed the connection.
    case lost(any Error)
    /// A container of a pod was created, was started or has exited.
    case container(PodIdentity)
  }

  let engine: DockerEngine

  func makeAsyncIterator() -> Iterator { Iterator(engine: engine) }

  struct Iterator: AsyncIteratorProtocol {
    let engine: DockerEngine
    private var events: EventSequence.AsyncIterator?
    private var wait = Duration.zero

    init(engine: DockerEngine) { self.engine = engine }

    /// - Returns: nil once the task is canceled.
    mutating func next() async -> Element? {
      while !Task.isCancelled {
        do {
          guard events != nil else { return try await connect() }
          guard let event = try await events?.next() else {
            events = nil
            continue
          }
          if ["create", "start", "die"].contains(event.action),
            let identity = PodIdentity(labels: event.attributes)
          {
            return .container(identity)
          }
        } catch {
          events = nil
          return Task.isCancelled ? nil : .lost(error)
        }
      }
      return nil
    }

    private mutating func connect() async throws -> Element {
      try await Task.sleep(for: wait)
      wait = Swift.min(Swift.max(wait * 2, .milliseconds(100)), .seconds(10))
      events = try await engine.events(filters: ["type": ["container"], "label": [PodLabel.run]])
        .makeAsyncIterator()
      wait = .milliseconds(100)
      return .connected
    }
  }
}
