/// A service's `x-pod:`, the only extension that this program reads.
enum PodSettings {
  static let key = SchemaProperty(
    "x-pod", .optional(.fields(table)), mapsTo: "the service's options in its pod", is: .harmless)

  private static let table = ObjectSchema(
    "`x-pod`",
    [
      SchemaProperty(
        "role", .word(ServiceRole.allCases.map(\.rawValue)),
        mapsTo: "the meaning of its exit to the pod",
        is: .harmless),
      SchemaProperty(
        "on_unhealthy", .word(FailureReaction.allCases.map(\.rawValue)),
        mapsTo: "what happens when it is unhealthy", is: .harmless),
      SchemaProperty(
        "on_oom", .word(FailureReaction.allCases.map(\.rawValue)),
        mapsTo: "what happens when it exceeds its own memory limit", is: .harmless),
      SchemaProperty(
        "task_env", .word(TaskVariables.allCases.map(\.rawValue)),
        mapsTo: "the variables of the task that it receives", is: .harmless),
      SchemaProperty(
        "task_file", .boolean, mapsTo: "whether it has /run/pod/task.json", is: .harmless),
    ], allowsExtensions: false)
}
