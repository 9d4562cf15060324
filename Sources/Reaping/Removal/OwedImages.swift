import JSON
import Linux
import PodIdentity
import PodObjects

/// The images whose removal a dead pod's task requested.
struct OwedImages: Codable, Sendable, Hashable {
  var run: String
  var task: String
  /// Names or IDs, as in `RemovableImage`. An entry that begins with `-` is a name that is removed
  /// from an image, which stays.
  var images: [String]

  /// The images in the labels of a pod's containers. Names that begin with `-` are accepted only if
  /// the pod can have created them.
  init(_ identity: PodIdentity, images: [String]) {
    run = identity.run
    task = identity.taskID
    let given = "-\(identity.names.project)-"
    self.images = images.filter { !$0.hasPrefix("-") || $0.hasPrefix(given) }
  }

  /// The images in an executor's promise.
  init(_ promise: ImagePromise) {
    run = promise.run
    task = promise.task
    images = promise.images
  }

  /// Whether the images belong to a pod.
  func isOf(_ identity: PodIdentity) -> Bool { run == identity.run && task == identity.taskID }
}

/// The images that are still to be removed. The file is written before a pod's containers are
/// removed, and keeps the images until they are handled: after the last container is gone, nothing
/// else refers to them. Unlike cgroups they outlive a boot.
struct ImageDebts: Sendable, Equatable {
  let path: String
  private(set) var debts: [OwedImages] = []

  /// Reads the file. A file that can't be read has no debts.
  init(path: String) {
    self.path = path
    read()
  }

  /// Adds the entries that another process has written: a service and `--once` share the file.
  mutating func read() {
    guard let text = try? TextFile.regular(path),
      let list = try? JSONDecoder().decode([OwedImages].self, from: Array(text.utf8))
    else { return }
    add(missing: list)
  }

  /// Adds debts and writes the file.
  mutating func add(_ new: [OwedImages]) throws {
    let count = debts.count
    add(missing: new)
    if debts.count > count { try write() }
  }

  private mutating func add(missing others: [OwedImages]) {
    var known = Set(debts)
    for debt in others where known.insert(debt).inserted { debts.append(debt) }
  }

  /// Removes debts and writes the file.
  mutating func remove(_ done: Set<OwedImages>) throws {
    if done.isEmpty { return }
    debts.removeAll(where: done.contains)
    try write()
  }

  private func write() throws {
    try PrivateFile.replace(path, with: try JSONEncoder().encode(debts))
  }
}
