import Dispatch
import Glibc
import PodIdentity
import PodObjects
import PodViews
import Synchronization

/// The shell completions for POD and SERVICE. They take two seconds at most and print no errors.
enum PodCompletion {
  /// The task IDs of the host's pods.
  ///
  /// - Parameters:
  ///   - words: the command line so far.
  ///   - index: the index of the word to complete.
  ///   - prefix: the beginning of that word.
  /// - Returns: the IDs.
  @Sendable static func pods(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    names { pods in pods.map(\.identity.taskID) }
  }

  /// The services of the pod in the command line.
  ///
  /// - Parameters:
  ///   - words: the command line so far.
  ///   - index: the index of the word to complete.
  ///   - prefix: the beginning of that word.
  /// - Returns: the services.
  @Sendable static func services(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    // This function cannot recognize the values of options, so it uses the first word that matches
    // a pod.
    let candidates = words.enumerated().filter { $0.offset != index && !$0.element.hasPrefix("-") }
    return names { pods in
      for (_, word) in candidates.dropFirst() {
        if let pod = try? PodSelection(pod: word).one(of: pods) {
          return pod.services.map(\.service)
        }
      }
      return []
    }
  }

  private static func names(
    _ choose: @escaping @Sendable ([ListedPod]) -> [String]
  ) -> [String] {
    // Dispatch aborts the process if it can't find its threads in /proc.
    guard access("/proc/self/task", R_OK) == 0 else { return [] }
    let found = FoundNames()
    Task {
      if let host = try? HostPods(timeout: .seconds(2)), let pods = try? await host.list() {
        found.set(choose(pods))
      }
      found.done.signal()
    }
    _ = found.done.wait(timeout: .now() + 2)
    return offered(found.names)
  }

  /// The names that have no special meaning in a shell.
  ///
  /// Task IDs and labels can contain anything. Bash expands the words that it is offered
  /// (`compgen -W`), including command substitutions, and inserts the selected word without quotes.
  ///
  /// - Parameter names: names from the engine.
  /// - Returns: the names that contain only ASCII letters, digits and `_.:@%+,/-` and do not begin
  ///   with `-`, without duplicates.
  static func offered(_ names: [String]) -> [String] {
    Set(names).filter { name in
      guard let first = name.utf8.first, first != UInt8(ascii: "-") else { return false }
      return name.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "_.:@%+,/-".utf8.contains(byte)
        }
      }
    }.sorted()
  }
}

private final class FoundNames: Sendable {
  let done = DispatchSemaphore(value: 0)
  private let storage = Mutex<[String]>([])

  var names: [String] { storage.withLock { $0 } }
  func set(_ names: [String]) { storage.withLock { $0 = names } }
}
