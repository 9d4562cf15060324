import DockerEngine
import Synchronization

/// The progress of a pod's pulls, readable at any time.
package final class PullBoard: Sendable {
  private let pulls = Mutex<[String: PullStatus]>([:])
  private let count = Mutex(0)

  /// Creates a board without pulls.
  package init() {}

  /// The progress of an image's pull; nil if it is not being pulled, or if the engine has reported
  /// no progress yet.
  ///
  /// - Parameter image: its name in the file.
  package subscript(image: String) -> PullStatus? { pulls.withLock { $0[image] } }

  /// The progress of all current pulls.
  package var all: [String: PullStatus] { pulls.withLock { $0 } }

  /// True while the engine pulls an image.
  package var isPulling: Bool { count.withLock { $0 > 0 } }

  func begin() { count.withLock { $0 += 1 } }

  /// Removes the reported progress before the pull is retried.
  func forget(_ image: String) { pulls.withLock { $0[image] = nil } }

  func add(_ progress: PullProgress, to image: String) {
    pulls.withLock { $0[image, default: PullStatus()].add(progress) }
  }

  func end(_ image: String) {
    forget(image)
    count.withLock { $0 -= 1 }
  }
}

/// The progress of one pull.
package struct PullStatus: Sendable, Equatable {
  private struct Layer: Equatable {
    var current: Int64 = 0
    var total: Int64 = 0
    var isDone = false
    var isExtracting = false
  }

  /// More layers than any image has, to limit memory: the registry determines the number.
  private static let mostLayers = 1_000

  private var parts: [String: Layer] = [:]

  /// Creates the status of a pull without progress.
  package init() {}

  /// Layers that the engine has reported so far.
  package var layers: Int { parts.count }
  /// Layers that the engine has completed.
  package var doneLayers: Int { parts.values.count { $0.isDone } }
  /// Bytes downloaded.
  package var current: Int64 { Self.sum(parts.values.map(\.current)) }
  /// Bytes to download, as far as the engine has reported them.
  package var total: Int64 { Self.sum(parts.values.map(\.total)) }
  /// True while only extraction remains.
  package var isExtracting: Bool {
    parts.values.contains(where: \.isExtracting) && current >= total
  }

  /// Adds one progress message (Engine API, "CreateImageInfo").
  ///
  /// - Parameter progress: the message.
  package mutating func add(_ progress: PullProgress) {
    guard let id = progress.id, id.utf8.count <= 128, !progress.status.hasPrefix("Pulling from")
    else { return }
    guard parts[id] != nil || parts.count < Self.mostLayers else { return }
    var layer = parts[id] ?? Layer()
    switch progress.status {
    case "Downloading":
      layer.current = Int64(max(0, progress.current ?? 0))
      layer.total = Int64(max(0, progress.total ?? 0))
    case "Verifying Checksum", "Download complete":
      layer.current = layer.total
    case "Extracting":
      layer.current = layer.total
      layer.isExtracting = true
    case "Pull complete", "Already exists":
      layer.current = layer.total
      layer.isDone = true
      layer.isExtracting = false
    case "Pulling fs layer", "Waiting", "Preparing":
      break
    default:
      if parts[id] == nil { return }
    }
    parts[id] = layer
  }

  /// The sum of the layers' sizes, saturated, since a registry may report any size.
  static func sum(_ sizes: [Int64]) -> Int64 {
    sizes.reduce(0) { sum, size in
      let (next, isBeyond) = sum.addingReportingOverflow(max(0, size))
      return isBeyond ? .max : next
    }
  }
}
