import HookEvents
import Glibc
import PodIdentity

/// What the agent's hook said of executors, as far as it matters to pods.
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
  /// Longer strings than IDs and paths are, in bytes, aren't worth remembering.
  private static let longest = 4096
  private(set) var removals: [Removal] = []
  private(set) var starts: [String: Start] = [:]

  /// Takes an event of this boot in.
  ///
  /// - Returns: whether it calls for a pass.
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

  /// Whether the agent said of an executor that it was removed, at a time when this incarnation
  /// existed: a later run of the same executor is not meant.
  ///
  /// - Parameters:
  ///   - identity: the pod.
  ///   - firstSeen: when it was first seen.
  ///   - removals: what the agent said of executors of its ID.
  /// - Returns: whether it said so.
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
