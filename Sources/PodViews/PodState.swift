/// A pod's state as `ps` shows it: its executor's, or what follows from the lack of one.
public enum PodState: String, Codable, Sendable, CaseIterable {
  case launching, running, unhealthy, stopping
  /// It has failed, and its stopped containers stay until their time is over.
  case kept
  /// The executor is dead; pod-reaper removes the pod.
  case orphaned
  /// The executor is alive and neither responds nor has running containers, or its process is not known.
  case unknown
}
