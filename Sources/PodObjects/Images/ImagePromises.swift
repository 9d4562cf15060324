import Glibc
import Linux
import PodIdentity
import SystemPackage

/// The images to remove with a task's pod, recorded for pod-reaper before they exist. If an
/// executor dies before its first container, this is the only record of them.
package struct ImagePromise: Sendable, Equatable {
  /// The executor.
  package var incarnation: Incarnation
  package var run: String
  package var task: String
  /// The engine's ID.
  package var engine: String
  /// Names or IDs; a name after `-` is removed from an image that is kept.
  package var images: [String]

  /// Creates a promise of images.
  package init(_ identity: PodIdentity, engine: String, images: [String] = []) {
    incarnation = identity.incarnation
    run = identity.run
    task = identity.taskID
    self.engine = engine
    self.images = images
  }
}

/// The promises of a host's executors, each in a file of its own.
package struct ImagePromises: Sendable, Equatable {
  private let directory: String

  /// - Parameter state: pod-reaper's state directory.
  package init(_ state: ImageState) { directory = state.promisesDirectory }

  /// Whether pod-reaper reads promises on this host, and this program may write them.
  package var areKept: Bool { ImageLeases.isTrusted(directory) }

  /// Writes a promise, and replaces the executor's earlier one.
  ///
  /// - Throws: `Errno`, such as on a full disk.
  package func make(_ promise: ImagePromise) throws(Errno) {
    guard areKept, let path = path(of: promise), let pid = promise.incarnation.pid,
      let start = promise.incarnation.startTime, let boot = promise.incarnation.bootID
    else { return }
    let values = [promise.run, promise.task, promise.engine, boot] + promise.images
    guard values.allSatisfy(ImageState.isValue) else { throw .invalidArgument }
    try ImageState.write(
      [
        "boot \(boot)", "pid \(pid)", "start \(start)", "run \(promise.run)",
        "task \(promise.task)", "engine \(promise.engine)",
      ] + promise.images.map { "image \($0)" }, to: path)
  }

  /// Removes a promise that is fulfilled, or for which pod-reaper is now responsible.
  package func remove(_ promise: ImagePromise) {
    if let path = path(of: promise) { unlink(path) }
  }

  /// All valid promises on this host.
  package func list() -> [ImagePromise] {
    guard areKept else { return [] }
    return ((try? Directory.names(of: directory)) ?? []).compactMap { name in
      guard !name.hasPrefix("."), let found = ImageState.read("\(directory)/\(name)") else {
        return nil
      }
      let values = Dictionary(found.fields.map { ($0.key, $0.value) }) { first, _ in first }
      guard let boot = values["boot"], let pid = values["pid"].flatMap({ Int32($0) }), pid > 0,
        let start = values["start"].flatMap({ UInt64($0) }), let run = values["run"],
        let task = values["task"], let engine = values["engine"]
      else { return nil }
      let promise = ImagePromise(
        incarnation: Incarnation(bootID: boot, pid: pid, startTime: start), run: run, task: task,
        engine: engine, images: found.fields.filter { $0.key == "image" }.map(\.value))
      return path(of: promise) == "\(directory)/\(name)" ? promise : nil
    }
  }

  private func path(of promise: ImagePromise) -> String? {
    guard let pid = promise.incarnation.pid, let start = promise.incarnation.startTime else {
      return nil
    }
    return "\(directory)/\(ImageKey.fileName("\(promise.run) \(promise.task)")).\(pid).\(start)"
  }
}

extension ImagePromise {
  fileprivate init(
    incarnation: Incarnation, run: String, task: String, engine: String, images: [String]
  ) {
    self.incarnation = incarnation
    self.run = run
    self.task = task
    self.engine = engine
    self.images = images
  }
}
