import PodIdentity
import PodObjects

/// The pods that a command selects: one by its ID, or all of a framework.
package struct PodSelection: Sendable, Equatable {
  /// A task ID, executor ID or run, or the beginning of one; nil for all pods.
  package let pod: String?
  /// The framework's ID, or its beginning; nil for all frameworks.
  package let framework: String?

  /// A selection.
  ///
  /// - Parameters:
  ///   - pod: a task ID, executor ID or run, or the beginning of one.
  ///   - framework: the framework's ID, or its beginning.
  package init(pod: String?, framework: String? = nil) {
    self.pod = pod
    self.framework = framework
  }

  /// Why a selection matches no pod, or several; one line.
  package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
  }

  /// The selected pods: one pod if the selection has an ID, otherwise all pods of the framework, or
  /// all pods.
  ///
  /// - Parameter pods: the host's pods.
  /// - Returns: the selected pods in their order.
  /// - Throws: `Failure` where the ID or the framework matches none or several.
  package func pods(of pods: [ListedPod]) throws(Failure) -> [ListedPod] {
    if pod != nil { return [try one(of: pods)] }
    return try ofFramework(pods)
  }

  /// The one selected pod.
  ///
  /// An ID that is equal to the text is preferred to IDs that begin with it.
  ///
  /// - Parameter pods: the host's pods.
  /// - Returns: the pod.
  /// - Throws: `Failure` where the selection matches none or several.
  package func one(of pods: [ListedPod]) throws(Failure) -> ListedPod {
    let candidates = try ofFramework(pods)
    let found: [ListedPod]
    if let pod {
      let same = candidates.filter { $0.ids.contains { Self.isSame($0, pod) } }
      found = same.isEmpty ? candidates.filter { $0.begins(with: pod) } : same
    } else {
      found = candidates
    }
    if found.count == 1 { return found[0] }
    if let first = found.first {
      let subject = pod.map { "'\($0)'" } ?? framework.map { "framework '\($0)'" } ?? "this host"
      let verb = pod == nil ? "has" : "matches"
      let isOneFramework = found.allSatisfy {
        $0.identity.frameworkID == first.identity.frameworkID
      }
      throw Failure(
        description: "\(subject) \(verb) \(found.count) pods: "
          + Self.list(found.map { $0.candidate(withFramework: !isOneFramework) }))
    }
    throw Failure(
      description: pod.map { "no pod matches '\($0)'\(inFramework)" } ?? "there are no pods")
  }

  /// The pods of the selected framework; all pods where the selection has no framework.
  private func ofFramework(_ pods: [ListedPod]) throws(Failure) -> [ListedPod] {
    guard let framework else { return pods }
    let same = pods.filter { Self.isSame($0.identity.frameworkID, framework) }
    if !same.isEmpty { return same }
    let found = pods.filter { Self.begins($0.identity.frameworkID, with: framework) }
    if found.isEmpty {
      throw Failure(description: "no pod of a framework that matches '\(framework)'")
    }
    let names = Set(found.map(\.identity.frameworkID)).sorted()
    if names.count > 1 {
      throw Failure(
        description: "'\(framework)' matches \(names.count) frameworks: \(Self.list(names))")
    }
    return found
  }

  private var inFramework: String { framework.map { " in framework '\($0)'" } ?? "" }

  private static let mostCandidates = 10

  private static func list(_ names: [String]) -> String {
    let rest = names.count - mostCandidates
    return names.prefix(mostCandidates).joined(separator: ", ")
      + (rest > 0 ? " and \(rest) more" : "")
  }

  /// Compares bytes: IDs that look the same can be different directories.
  private static func isSame(_ id: String, _ text: String) -> Bool {
    id.utf8.elementsEqual(text.utf8)
  }

  fileprivate static func begins(_ id: String, with text: String) -> Bool {
    !text.isEmpty && id.utf8.starts(with: text.utf8)
  }
}

extension ListedPod {
  /// The IDs that a command can use for the pod.
  fileprivate var ids: [String] { [identity.taskID, identity.executorID, identity.run] }

  fileprivate func begins(with text: String) -> Bool {
    ids.contains { PodSelection.begins($0, with: text) }
  }

  fileprivate func candidate(withFramework: Bool) -> String {
    let framework =
      withFramework && !identity.frameworkID.isEmpty
      ? ", framework \(identity.frameworkID)" : ""
    return "\(identity.taskID) (run \(identity.run)\(framework))"
  }
}
