import DockerEngine
import Logging

/// One image's pull, tried again where the network is to blame.
struct ImagePull: Sendable {
  let engine: DockerEngine
  let credentials: CredentialStore
  let log: Logger

  /// Pulls an image.
  ///
  /// - Parameters:
  ///   - reference: the image as the file names it.
  ///   - platform: `os[/arch[/variant]]`; nil for the engine's own.
  /// - Throws: `EngineError`: at once where the registry refuses or doesn't have it, after five tries where it
  ///   can't be reached.
  func pull(_ reference: String, platform: String?) async throws {
    var wait = Duration.seconds(1)
    for attempt in 1... {
      do {
        return try await once(reference, platform: platform)
      } catch let error as EngineError where attempt < 5 && Self.isPassing(error) {
        log.warning("pull of \(reference) failed, trying again in \(wait): \(error.message)")
        try await Task.sleep(for: wait)
        wait *= 2
      }
    }
  }

  private func once(_ reference: String, platform: String?) async throws {
    log.info("pulling \(reference)")
    let start = ContinuousClock.now
    var said = start
    var layers: [String: (current: Int64, total: Int64)] = [:]
    let pull = try await engine.pullImage(
      reference, platform: platform, credentials: await credentials.credentials(for: reference))
    for try await progress in pull {
      if let id = progress.id, let total = progress.total, total > 0 {
        layers[id] = (Int64(progress.current ?? 0), Int64(total))
      }
      if .now - said >= .seconds(10) {
        said = .now
        let current = Self.megabytes(layers.values.map(\.current))
        let total = Self.megabytes(layers.values.map(\.total))
        log.info("pulling \(reference): \(current) of \(total) MB in \(layers.count) layers")
      }
    }
    log.info("pulled \(reference) in \((.now - start).components.seconds) s")
  }

  /// The sum of layers' sizes, which are what a registry says they are.
  static func megabytes(_ sizes: [Int64]) -> Int64 {
    sizes.reduce(0) { sum, size in
      let (next, isBeyond) = sum.addingReportingOverflow(max(0, size))
      return isBeyond ? .max : next
    } / 1_000_000
  }

  /// Whether another try may go better: the registry couldn't be reached, rather than that it refused.
  static func isPassing(_ error: EngineError) -> Bool {
    guard case .status(let status) = error.kind, status >= 500 else {
      return error.kind == .timedOut
    }
    let refusals = ["not found", "manifest unknown", "denied", "unauthorized", "no basic auth"]
    let text = error.message.lowercased()
    return !refusals.contains { text.contains($0) }
  }
}
