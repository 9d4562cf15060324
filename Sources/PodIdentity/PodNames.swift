/// The names of a pod's objects in Docker. They carry the task and the run, so that two pods from one
/// file never meet in a name.
public struct PodNames: Sendable, Equatable {
  /// The task ID as names begin with it.
  let stem: String
  let run: String
  let seed: String

  /// Beginnings of names that other programs take for their own containers: an agent's docker containerizer stops and
  /// removes `mesos-…` when it recovers (slave/containerizer/docker.cpp, `parse`), a kubelet on Docker what is called
  /// `k8s_…` and isn't in its pods. Others go by labels or by IDs that they keep.
  static let foreignPrefixes = ["mesos-", "k8s_"]

  /// The task ID, with `task-` before it where a name that begins so isn't ours to give. Whatever its case: a project's
  /// name is in lower case.
  static func stem(of taskID: String) -> String {
    let starts = [dockerWord(taskID + "_").lowercased(), projectWord(taskID, limit: 40)]
    let isForeign = foreignPrefixes.contains { prefix in starts.contains { $0.hasPrefix(prefix) } }
    return isForeign ? "task-" + taskID : taskID
  }

  init(identity: PodIdentity) {
    stem = Self.stem(of: identity.taskID)
    run = identity.run
    seed = [identity.frameworkID, identity.executorID, identity.run].joined(separator: "\u{0}")
  }

  /// The Compose project's name, made from task ID and run: lower-case letters, digits, `-` and `_`.
  public var project: String {
    let word = Self.projectWord(stem, limit: 40)
    let tail = Self.projectWord(run, limit: 64)
    // Mesos' runs are UUIDs: the first group tells them apart, and leaves a name one can type. What is
    // no UUID, or a task ID that had to be cut, is told apart by a hash of all of it.
    let isUUID = run.count == 36 && run.filter { $0 == "-" }.count == 4
    let mark = isUUID && stem.count <= 40 ? String(tail.prefix(8)) : shortHash
    return (word.isEmpty ? "pod" : word) + "-" + mark
  }

  /// The container's name: the task ID, `_`, and the service or its `container_name`.
  public func container(_ name: String) -> String {
    Self.dockerWord("\(stem)_\(name)")
  }

  /// The container's name where `container(_:)` is taken.
  public func containerWithHash(_ name: String) -> String {
    container(name) + "_" + shortHash
  }

  /// The name of a network or volume: the project, `_`, and the key or `name:` in the file.
  public func object(_ name: String) -> String {
    Self.dockerWord("\(project)_\(name)")
  }

  /// Eight hexadecimal digits of framework, executor and run.
  public var shortHash: String {
    // FNV-1a, 64 bits: a name must differ, nobody must be kept from finding a second one.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in seed.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    let digits = String(hash ^ (hash >> 32) & 0xffff_ffff, radix: 16)
    return String((String(repeating: "0", count: 8) + digits).suffix(8))
  }

  /// Docker takes letters, digits, `_`, `.` and `-`, and neither of the last three first.
  static func dockerWord(_ text: String) -> String {
    var word = ""
    for character in text.unicodeScalars {
      let isLetter = ("a"..."z").contains(character) || ("A"..."Z").contains(character)
      let isDigit = ("0"..."9").contains(character)
      if isLetter || isDigit || (!word.isEmpty && "_.-".unicodeScalars.contains(character)) {
        word.unicodeScalars.append(character)
      } else {
        word += word.isEmpty ? "p-" : "-"
      }
    }
    return word
  }

  /// Compose takes lower-case letters, digits, `-` and `_` in a project's name, a letter or digit first.
  static func projectWord(_ text: String, limit: Int) -> String {
    var word = ""
    for character in text.lowercased().unicodeScalars {
      let isPlain = ("a"..."z").contains(character) || ("0"..."9").contains(character)
      if isPlain || (!word.isEmpty && "_-".unicodeScalars.contains(character)) {
        word.unicodeScalars.append(character)
      } else if !word.isEmpty {
        word += "-"
      }
      if word.count >= limit { break }
    }
    return word
  }
}
