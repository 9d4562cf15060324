/// A command on the host at an event of a pod's life, with the pod's data as JSON on its standard
/// input.
///
/// It runs as the executor's user in the sandbox, with the executor's environment. A task's hook
/// has the same rights as the task's own command or its check of kind COMMAND. If the executor is
/// root, these rights are extensive, so a host with an `allow:` section in the operator's file must
/// list `hooks` there. The operator's own hooks need no permission.
package struct PodHook: Sendable, Equatable {
  /// The events.
  package enum Event: String, Sendable, CaseIterable {
    /// Before any image is pulled or object created. If the hook fails, the pod fails without
    /// having created anything.
    case preLaunch = "pre-launch"
    /// The pod is running, and its owner has been notified.
    case running = "running"
    /// The pod is gone, and its outcome is about to be reported.
    case postStop = "post-stop"
  }

  /// The event at which it runs.
  package var event: Event
  /// The argument of `/bin/sh -c`.
  package var command: String
  /// The time limit, after which it is killed with all processes that it started.
  package var timeout: Duration
  /// True for a hook from the operator's file.
  package var isOperators: Bool

  /// Creates a hook.
  package init(event: Event, command: String, timeout: Duration, isOperators: Bool) {
    self.event = event
    self.command = command
    self.timeout = timeout
    self.isOperators = isOperators
  }
}
