import PodObjects
import Synchronization

extension PodCleanup {
  /// The progress of the removal.
  struct Progress: Sendable {
    /// Objects that are left.
    var open: [PodObject]
    /// The number of removed containers.
    var removed = 0
    /// Reasons by object ID.
    var problems: [String: String] = [:]
    /// The reason for objects without one of their own.
    var reason: String?
    /// Results of killing processes without the engine, by container.
    var killed: [String: String] = [:]
    /// Whether another incarnation has objects of the run; nil before the first observation.
    var hasOthers: Bool?

    /// Descriptions of the objects that are left, even if the engine doesn't respond.
    var lines: [String] {
      if open.isEmpty { return reason.map { ["unknown objects (\($0))"] } ?? [] }
      return open.map { object in
        let id = object.id
        let why = [killed[id], problems[id] ?? reason].compactMap { $0 }.joined(separator: "; ")
        return "\(object.kind) \(id.prefix(40))" + (why.isEmpty ? "" : " (\(why))")
      }
    }
  }

  /// The progress, which the steps of the removal share.
  final class Reached: Sendable {
    private let progress: Mutex<Progress>

    init(_ progress: Progress) { self.progress = Mutex(progress) }

    var value: Progress { progress.withLock { $0 } }

    func update(_ change: (inout Progress) -> Void) { progress.withLock { change(&$0) } }
  }
}
