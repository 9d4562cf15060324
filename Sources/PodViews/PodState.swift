/// A pod's state in `ps`: the state that its executor reports, or one that follows from a missing
/// response.
package enum PodState: String, Codable, Sendable, CaseIterable {
  case launching, running, unhealthy, stopping
  /// The pod has failed, and its stopped containers are kept for a time.
  case kept
  /// The executor is dead. pod-reaper removes the pod.
  case orphaned
  /// The executor is alive but does not respond and has no running containers, or its process is
  /// unknown.
  case unknown
}
