import HookEvents
import Glibc
import PodIdentity

/// The events of the agent's hook that concern pods.
struct HookEventHistory: Sendable, Equatable {
  /// An executor that the agent removed.
  struct Removal: Sendable, Hashable {
    var framework: String
    var executor: String
    var time: BootTime
  }
  /// A run that was launched.
  struct Start: Sendable, Equatable {
    var sandbox: String
    var time: BootTime
  }
  /// The largest length of a stored string in bytes; IDs and paths are shorter.
  private static let longest = 4096
  private(set) var removals: [Removal] = []
  private(set) var starts: [String: Start] = [:]

  /// Adds an event of this boot.
  ///
  /// - Returns: whether a pass is needed.
  mutating func handle(_ event: HookEvent) -> Bool {
    let time = BootTime(sinceBoot: .nanoseconds(Int64(clamping: event.bootTime)))
    switch event.kind {
    case .started(let run, let sandbox):
      guard run.count <= Self.longest, sandbox.count <= Self.longest else { return false }
      if starts.count >= 16_384, let oldest = starts.min(by: { $0.value.time < $1.value.time }) {
        starts[oldest.key] = nil
      }
      starts[String(decoding: run, as: UTF8.self)] = Start(
        sandbox: String(decoding: sandbox, as: UTF8.self), time: time)
      return false
    case .removed(let framework, let executor):
      guard framework.count <= Self.longest, executor.count <= Self.longest,
        let framework = String(validating: framework, as: UTF8.self),
        let executor = String(validating: executor, as: UTF8.self)
      else { return false }
      if removals.count >= 4096 { removals.removeFirst() }
      removals.append(Removal(framework: framework, executor: executor, time: time))
      return true
    case .unknown: return false
    }
  }

  /// Whether the agent reported the removal of an executor at a time when this incarnation existed.
  /// A later run of the same executor ID is not affected.
  ///
  /// - Parameters:
  ///   - identity: the pod.
  ///   - firstSeen: when it was first seen.
  ///   - removals: the reported removals with its executor ID.
  /// - Returns: whether its executor was removed.
  static func saidRemoved(
    _ identity: PodIdentity, firstSeen: BootTime, in removals: [Removal]
  ) -> Bool {
    let began =
      identity.incarnation.startTime.map {
        BootTime(sinceBoot: .seconds(Double($0) / Double(sysconf(Int32(_SC_CLK_TCK)))))
      } ?? firstSeen
    return removals.contains {
      $0.framework == identity.frameworkID && $0.executor == identity.executorID && began <= $0.time
    }
  }
}
