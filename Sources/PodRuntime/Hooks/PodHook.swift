/// A command on the host at a turn of a pod's life, with the pod's data as JSON on its standard input.
///
/// It runs as the executor's user in the sandbox, in the executor's environment. One that a task names may do no more
/// than the task's own command may, or its check of kind COMMAND; but where the executor is root that is much, so a host
/// with an `allow:` part in the operator's file must list `hooks` there. The operator's own need no permission.
public struct PodHook: Sendable, Equatable {
  /// The turns.
  public enum Event: String, Sendable, CaseIterable {
    /// Before anything is pulled or made: if it fails, the pod does, and nothing was.
    case preLaunch = "pre-launch"
    /// The pod runs: its owner has been told.
    case running = "running"
    /// The pod is gone, and how it ended is about to be told.
    case postStop = "post-stop"
  }

  /// When it runs.
  public var event: Event
  /// What `/bin/sh -c` is given.
  public var command: String
  /// How long it may take; then it is killed, with what it started.
  public var timeout: Duration
  /// True for one from the operator's file.
  public var isOperators: Bool

  /// Makes a hook.
  public init(event: Event, command: String, timeout: Duration, isOperators: Bool) {
    self.event = event
    self.command = command
    self.timeout = timeout
    self.isOperators = isOperators
  }
}
