/// One entry of a pod's history: a line of the response to `events` (docs/design.md,
/// "Control socket").
package struct PodEvent: Codable, Sendable, Equatable {
  /// The kinds of events. More may be added: a reader ignores unknown kinds.
  package enum Kind: String, Codable, Sendable, CaseIterable {
    /// The launch begins.
    case podStarting = "pod-starting"
    /// A hook of the pod begins or has exited; `subject` is its event, for example `pre-launch`.
    case hookStarted = "hook-started"
    case hookExited = "hook-exited"
    /// The executor requests an image that the engine lacks or that is always pulled; `subject` is
    /// the name of the image.
    case imagePulling = "image-pulling"
    case imagePulled = "image-pulled"
    /// A pull is retried; the message is the cause.
    case imageRetrying = "image-retrying"
    /// A pull failed permanently; the message is the cause.
    case imageFailed = "image-failed"
    /// `docker build` begins or is complete; `subject` is the name of the image or its ID.
    case imageBuilding = "image-building"
    case imageBuilt = "image-built"
    /// A network or volume of the pod was created; `subject` is its name in the engine.
    case networkCreated = "network-created"
    case volumeCreated = "volume-created"
    case containerCreated = "container-created"
    /// A service waits before its start; the message names the condition:
    /// `waiting for 'db' to become healthy`.
    case serviceWaiting = "service-waiting"
    case containerStarted = "container-started"
    /// A service's container can't be created or started; the message is the cause.
    case serviceFailed = "service-failed"
    /// A hook in or before a service's container begins or has exited; `subject` is `pre_start`,
    /// `post_start` or `pre_stop`.
    case serviceHookStarted = "service-hook-started"
    case serviceHookExited = "service-hook-exited"
    case serviceHealthy = "service-healthy"
    case serviceUnhealthy = "service-unhealthy"
    /// The engine reports that memory ran out in the container.
    case outOfMemory = "out-of-memory"
    case containerExited = "container-exited"
    /// The container is going to be restarted; the message is the cause.
    case serviceRestarting = "service-restarting"
    /// The Docker Engine stops responding, or responds again.
    case engineAway = "engine-away"
    case engineBack = "engine-back"
    /// Every service is up.
    case podRunning = "pod-running"
    /// The outcome of the pod is decided; the message is the cause.
    case podStopping = "pod-stopping"
    /// All objects of the pod are removed, or the time to remove them is over; `subject` is
    /// `finished`, `failed` or `killed`.
    case podEnded = "pod-ended"
  }

  /// The time in UTC (RFC 3339).
  package var time: String
  /// The raw value of a `Kind`.
  package var event: String
  /// The service, with `-N` after it where it has several containers; nil for an event of the whole
  /// pod.
  package var service: String?
  /// The cause, for people; empty where there is none.
  package var message: String
  /// The image, network, volume or hook of the event.
  package var subject: String?
  /// The container's ID.
  package var container: String?
  /// The exit code of a container or hook.
  package var exitCode: Int?

  /// An entry.
  package init(
    time: String, event: String, service: String?, message: String, subject: String? = nil,
    container: String? = nil, exitCode: Int? = nil
  ) {
    self.time = time
    self.event = event
    self.service = service
    self.message = message
    self.subject = subject
    self.container = container
    self.exitCode = exitCode
  }

  /// The kind of the event; nil for a kind that this program doesn't know.
  package var kind: Kind? { Kind(rawValue: event) }
}
