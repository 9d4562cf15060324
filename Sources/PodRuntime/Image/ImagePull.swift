import DockerEngine
import Logging
import PodControl

/// The pull of one image, repeated after network faults.
struct ImagePull: Sendable {
  let engine: DockerEngine
  let credentials: CredentialStore
  let log: Logger
  /// Records the pull and its progress.
  let history: PodHistory
  let pulls: PullBoard

  /// Pulls an image.
  ///
  /// - Parameters:
  ///   - reference: the image as the file names it.
  ///   - platform: `os[/arch[/variant]]`; nil for the engine's own.
  /// - Throws: `EngineError`: at once if the registry refuses or doesn't have the image; after five
  ///   attempts if the registry is unreachable.
  func pull(_ reference: String, platform: String?) async throws {
    pulls.begin()
    history.record(.imagePulling, subject: reference)
    defer { pulls.end(reference) }
    var wait = Duration.seconds(1)
    for attempt in 1... {
      do {
        try await once(reference, platform: platform)
        return history.record(.imagePulled, subject: reference)
      } catch let error as EngineError where attempt < 5 && Self.isPassing(error) {
        let message = "pull of \(reference) failed, trying again in \(wait): \(error.message)"
        log.warning("\(message)")
        history.record(.imageRetrying, message, subject: reference)
        try await Task.sleep(for: wait)
        wait *= 2
      } catch let error as EngineError {
        history.record(.imageFailed, error.message, subject: reference)
        throw error
      }
    }
  }

  private func once(_ reference: String, platform: String?) async throws {
    pulls.forget(reference)
    let pull = try await engine.pullImage(
      reference, platform: platform, credentials: await credentials.credentials(for: reference))
    for try await progress in pull { pulls.add(progress, to: reference) }
  }

  /// Whether another attempt may succeed: the registry was unreachable and did not refuse.
  static func isPassing(_ error: EngineError) -> Bool {
    guard case .status(let status) = error.kind, status >= 500 else {
      return error.kind == .timedOut
    }
    let refusals = ["not found", "manifest unknown", "denied", "unauthorized", "no basic auth"]
    let text = error.message.lowercased()
    return !refusals.contains { text.contains($0) }
  }
}
