/// One entry of a pod's history: a line of the response to `events` (docs/control.md).
public struct PodEvent: Codable, Sendable, Equatable {
  /// When, in UTC (RFC 3339).
  public var time: String
  /// What happened, such as `pod-starting`, `image-pulled`, `container-started`, `container-exited`, `service-unhealthy`,
  /// `service-restarting`, `pod-running`, `pod-stopping`.
  public var event: String
  /// The service; nil where it is of the whole pod.
  public var service: String?
  /// For people: the cause, where there is one.
  public var message: String

  /// Makes an entry.
  public init(time: String, event: String, service: String?, message: String) {
    self.time = time
    self.event = event
    self.service = service
    self.message = message
  }
}
