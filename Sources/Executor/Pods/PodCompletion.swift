import Dispatch
import Glibc
import PodIdentity
import PodObjects
import PodViews
import Synchronization

/// What a shell offers for POD and SERVICE: it waits for two seconds at most, and says nothing of errors.
enum PodCompletion {
  /// The task IDs of the host's pods.
  ///
  /// - Parameters:
  ///   - words: the command line so far.
  ///   - index: the word that is completed.
  ///   - prefix: its beginning.
  /// - Returns: the IDs.
  @Sendable static func pods(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    names { pods in pods.map(\.identity.taskID) }
  }

  /// The services of the pod that the command line names.
  ///
  /// - Parameters:
  ///   - words: the command line so far.
  ///   - index: the word that is completed.
  ///   - prefix: its beginning.
  /// - Returns: the services.
  @Sendable static func services(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
    // Which of them is the value of an option isn't known here: the first that names a pod is it.
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
    // Without its threads in /proc, Dispatch ends the process.
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

  /// The names that mean nothing but themselves to a shell.
  ///
  /// Task IDs and labels are data that anybody could have written. Bash expands the words that it is offered
  /// (`compgen -W`), command substitutions among them, and puts a word on the command line without quotes.
  ///
  /// - Parameter names: names from the engine.
  /// - Returns: those that hold ASCII letters, digits and `_.:@%+,/-` alone and don't begin as an option does, each once.
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
