import Compose
import DockerEngine
import Glibc
import Linux

/// An image that the engine has, with the properties that matter to a pod.
struct ResolvedImage: Sendable {
  /// The name or ID from which to create a container.
  var reference: String
  /// The image's ID.
  var id: String
  /// True if another build may give its name to another image at any time.
  var isBuilt = false
  /// True if the engine didn't have it before.
  var isNew = false
  /// True if it has a healthcheck.
  var hasHealthcheck: Bool
  /// Its stop signal, if it sets one.
  var stopSignal: String?
  /// True if it has an entrypoint, whose arguments a `command` is.
  var hasEntrypoint = false
  /// The test of its healthcheck.
  var healthcheckTest: [String] = []
  /// The time at which the engine got it by this name, in RFC 3339.
  var lastTagTime = ""
  /// Whether containers created from it get anonymous volumes.
  var hasVolumes = false
  /// The run in its label, if it was created from a pod's container: containers created from it
  /// inherit that label.
  var run: String?

  /// Whether it is older than `age`; false for nil. An engine before API 1.31 doesn't report the
  /// time: then true.
  func isOlder(than age: Duration?, now: Double = Double(time(nil))) -> Bool {
    if age != nil, lastTagTime.isEmpty { return true }
    guard let age, let time = RFC3339.secondsSince1970(lastTagTime) else { return false }
    return now - time > Double(age.nanoseconds) / 1e9
  }
}

extension ContainerConfig {
  /// Whether containers of this image have a healthcheck by default.
  var bringsHealthcheck: Bool {
    guard let first = healthcheck?.test?.first else { return false }
    return first != "NONE"
  }
}
