/// The names of a pod's objects in Docker. They include the task and the run, so that the names of
/// two pods from one file always differ.
package struct PodNames: Sendable, Equatable {
  /// The task ID at the beginning of names.
  let stem: String
  let run: String
  let seed: String

  /// Prefixes of names that other programs treat as their own containers. An agent's docker
  /// containerizer stops and removes `mesos-…` during recovery (slave/containerizer/docker.cpp,
  /// `parse`). A kubelet on Docker removes `k8s_…` that aren't in its pods. Other programs use
  /// labels or the IDs that they store.
  static let foreignPrefixes = ["mesos-", "k8s_"]

  /// The task ID, prefixed with `task-` if the name would begin with another program's prefix.
  /// Compared without case, since a project's name is in lower case.
  static func stem(of taskID: String) -> String {
    let starts = [dockerWord(taskID + "_").lowercased(), projectWord(taskID, limit: 40)]
    let isForeign = foreignPrefixes.contains { prefix in starts.contains { $0.hasPrefix(prefix) } }
    return isForeign ? "task-" + taskID : taskID
  }

  init(identity: PodIdentity) {
    self.init(
      frameworkID: identity.frameworkID, executorID: identity.executorID,
      taskID: identity.taskID, run: identity.run)
  }

  /// Creates the names of the objects of a task's run.
  package init(frameworkID: String, executorID: String, taskID: String, run: String) {
    stem = Self.stem(of: taskID)
    self.run = run
    seed = [frameworkID, executorID, run].joined(separator: "\u{0}")
  }

  /// The Compose project's name, created from task ID and run: lower-case letters, digits, `-` and
  /// `_`.
  package var project: String {
    let word = Self.projectWord(stem, limit: 40)
    let tail = Self.projectWord(run, limit: 64)
    // Mesos' runs are UUIDs, whose first group is sufficient and gives a name that can be typed.
    // Other runs, and task IDs that are too long, are distinguished by a hash.
    let isUUID = run.count == 36 && run.filter { $0 == "-" }.count == 4
    let mark = isUUID && stem.count <= 40 ? String(tail.prefix(8)) : shortHash
    return (word.isEmpty ? "pod" : word) + "-" + mark
  }

  /// The container's name: the task ID, `_`, and the service or its `container_name`.
  package func container(_ name: String) -> String {
    Self.dockerWord("\(stem)_\(name)")
  }

  /// The container's name if `container(_:)` is taken.
  package func containerWithHash(_ name: String) -> String {
    container(name) + "_" + shortHash
  }

  /// The name of a network or volume: the project, `_`, and the key or `name:` in the file. A name
  /// that already begins with the project, from `COMPOSE_PROJECT_NAME`, is unchanged.
  package func object(_ name: String) -> String {
    let isWhole = ["", "_", "-", "."].contains { end in
      end.isEmpty ? name == project : name.hasPrefix(project + end)
    }
    return Self.dockerWord(isWhole ? name : "\(project)_\(name)")
  }

  /// Eight hexadecimal digits of framework, executor and run.
  package var shortHash: String { Self.shortHash(of: seed) }

  private static func shortHash(of text: String) -> String {
    // FNV-1a, 64 bits. Names must differ; protection against deliberate collisions isn't needed.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    let digits = String(hash ^ (hash >> 32) & 0xffff_ffff, radix: 16)
    return String((String(repeating: "0", count: 8) + digits).suffix(8))
  }

  /// The name of the image that is built for a service: the project, `-`, and the service.
  ///
  /// A repository's name has lower-case letters and digits, separated by `.`, `_`, `__` or any
  /// number of `-` (distribution, "reference"). A name that had to be changed gets a hash as
  /// suffix, so that no two services share a name.
  ///
  /// - Parameters:
  ///   - project: the Compose project's name.
  ///   - service: the service's name.
  /// - Returns: the name, without a tag.
  package static func image(project: String, service: String) -> String {
    let text = "\(project)-\(service)"
    var word = ""
    var separator = ""
    for character in text.lowercased().unicodeScalars {
      let isPlain = ("a"..."z").contains(character) || ("0"..."9").contains(character)
      guard isPlain else {
        separator.unicodeScalars.append("._-".unicodeScalars.contains(character) ? character : "-")
        continue
      }
      if !word.isEmpty, !separator.isEmpty {
        let isAllowed = [".", "_", "__"].contains(separator) || separator.allSatisfy { $0 == "-" }
        word += isAllowed ? separator : "-"
      }
      separator = ""
      word.unicodeScalars.append(character)
      if word.utf8.count >= 200 { break }
    }
    return word == text ? word : "\(word)-\(shortHash(of: text))"
  }

  /// Docker accepts letters, digits, `_`, `.` and `-`, and requires a letter or digit first.
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

  /// Compose accepts lower-case letters, digits, `-` and `_` in a project's name, and requires a
  /// letter or digit first.
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
