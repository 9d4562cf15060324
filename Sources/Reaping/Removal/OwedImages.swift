import JSON
import Linux
import PodIdentity
import PodObjects

/// The images that a dead pod's task asked to have removed.
struct OwedImages: Codable, Sendable, Hashable {
  var run: String
  var task: String
  /// Names or IDs; behind `-` a name that is taken from an image, which stays.
  var images: [String]

  /// What a pod's containers name; of names to be taken only those that the pod can have given.
  init(_ identity: PodIdentity, images: [String]) {
    run = identity.run
    task = identity.taskID
    let given = "-\(identity.names.project)-"
    self.images = images.filter { !$0.hasPrefix("-") || $0.hasPrefix(given) }
  }

  /// What an executor has promised.
  init(_ promise: ImagePromise) {
    run = promise.run
    task = promise.task
    images = promise.images
  }

  /// Whether they are a pod's.
  func isOf(_ identity: PodIdentity) -> Bool { run == identity.run && task == identity.taskID }
}

/// What is owed, kept in a file from before the removal of a pod's containers until its images are
/// dealt with: once the last container is gone, nothing else names them. Unlike cgroups they
/// outlive a boot.
struct ImageDebts: Sendable, Equatable {
  let path: String
  private(set) var debts: [OwedImages] = []

  /// Reads the file; what can't be read is no debt.
  init(path: String) {
    self.path = path
    read()
  }

  /// Takes in what another process has noted since: a service and `--once` share the file.
  mutating func read() {
    guard let text = try? TextFile.regular(path),
      let list = try? JSONDecoder().decode([OwedImages].self, from: Array(text.utf8))
    else { return }
    add(missing: list)
  }

  /// Notes debts and writes the file.
  mutating func add(_ new: [OwedImages]) throws {
    let count = debts.count
    add(missing: new)
    if debts.count > count { try write() }
  }

  private mutating func add(missing others: [OwedImages]) {
    var known = Set(debts)
    for debt in others where known.insert(debt).inserted { debts.append(debt) }
  }

  /// Forgets debts and writes the file.
  mutating func remove(_ done: Set<OwedImages>) throws {
    if done.isEmpty { return }
    debts.removeAll(where: done.contains)
    try write()
  }

  private func write() throws {
    try PrivateFile.replace(path, with: try JSONEncoder().encode(debts))
  }
}
