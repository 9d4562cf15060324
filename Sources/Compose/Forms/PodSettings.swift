/// A service's `x-pod:`: the one extension that this program reads.
enum PodSettings {
  static let key = Key(
    "x-pod", .optional(.fields(table)), goes: "what the service means to its pod", is: .harmless)

  private static let table = KeyTable(
    "`x-pod`",
    [
      Key(
        "role", .word(ServiceRole.allCases.map(\.rawValue)), goes: "what its exit means to the pod",
        is: .harmless),
      Key(
        "on_unhealthy", .word(FailureReaction.allCases.map(\.rawValue)),
        goes: "what follows when it is unhealthy", is: .harmless),
      Key(
        "on_oom", .word(FailureReaction.allCases.map(\.rawValue)),
        goes: "what follows when its own memory limit ends it", is: .harmless),
      Key(
        "task_env", .word(TaskVariables.allCases.map(\.rawValue)),
        goes: "which variables of the task it gets", is: .harmless),
      Key(
        "task_file", .boolean, goes: "whether it gets /run/pod/task.json", is: .harmless),
    ], allowsExtensions: false)
}
