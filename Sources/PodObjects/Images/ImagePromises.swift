import Glibc
import Linux
import PodIdentity
import SystemPackage

/// Images that a pod's task asked to have removed at its end, told to pod-reaper before they are there: an executor that
/// dies before its first container leaves nothing else that names them.
package struct ImagePromise: Sendable, Equatable {
  /// The executor.
  package var incarnation: Incarnation
  package var run: String
  package var task: String
  /// The engine's ID.
  package var engine: String
  /// Names or IDs; behind `-` a name that is taken from an image, which stays.
  package var images: [String]

  /// A promise of images.
  package init(_ identity: PodIdentity, engine: String, images: [String] = []) {
    incarnation = identity.incarnation
    run = identity.run
    task = identity.taskID
    self.engine = engine
    self.images = images
  }
}

/// The promises of a host's executors, each a file of its own.
package struct ImagePromises: Sendable, Equatable {
  private let directory: String

  /// - Parameter state: where pod-reaper keeps its state.
  package init(_ state: ImageState) { directory = state.promisesDirectory }

  /// Whether promises are read on this host, and this program may make them.
  package var areKept: Bool { ImageLeases.isTrusted(directory) }

  /// Makes a promise in place of the executor's earlier one.
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

  /// Takes back a promise: it is kept, or another's to keep.
  package func remove(_ promise: ImagePromise) {
    if let path = path(of: promise) { unlink(path) }
  }

  /// All promises on this host; what can't be understood is none.
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
