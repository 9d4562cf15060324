/// A service's `x-pod:`, the only extension that this program reads.
enum PodSettings {
  static let key = Key(
    "x-pod", .optional(.fields(table)), goes: "the service's options in its pod", is: .harmless)

  private static let table = KeyTable(
    "`x-pod`",
    [
      Key(
        "role", .word(ServiceRole.allCases.map(\.rawValue)),
        goes: "the meaning of its exit to the pod",
        is: .harmless),
      Key(
        "on_unhealthy", .word(FailureReaction.allCases.map(\.rawValue)),
        goes: "what happens when it is unhealthy", is: .harmless),
      Key(
        "on_oom", .word(FailureReaction.allCases.map(\.rawValue)),
        goes: "what happens when it exceeds its own memory limit", is: .harmless),
      Key(
        "task_env", .word(TaskVariables.allCases.map(\.rawValue)),
        goes: "the variables of the task that it receives", is: .harmless),
      Key(
        "task_file", .boolean, goes: "whether it has /run/pod/task.json", is: .harmless),
    ], allowsExtensions: false)
}
