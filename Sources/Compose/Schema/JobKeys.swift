import OrderedCollections
import YAML

/// The keys of a job, a container that runs to completion (Compose specification, "Jobs top-level
/// element"): its own keys and those that it shares with a service.
enum JobKeys {
  static let table = ObjectSchema(
    "a job", own + (ServiceKeys.container + ServiceKeys.workload).map(\.withoutIdentity),
    required: ["triggers"])

  /// The keys of the job itself.
  static let own: [SchemaProperty] = [
    SchemaProperty("profiles", .distinctStrings, never: "started manually or by a schedule"),
    SchemaProperty(
      "triggers", .completing(refuseNone, .fields(triggerKeys)),
      never: "started manually or by a schedule"),
  ]

  private static let triggerKeys = ObjectSchema(
    "`triggers`",
    [
      SchemaProperty("manual", .boolean, omit: .unset, never: "started manually"),
      SchemaProperty(
        "schedule", .expanding(expand, .list(.fields(scheduleKeys))), never: "started by a schedule"
      ),
    ])

  private static let scheduleKeys = ObjectSchema(
    "a schedule",
    [
      SchemaProperty("cron", .string, never: "started by a schedule"),
      SchemaProperty("timezone", .string, never: "started by a schedule"),
      SchemaProperty("concurrency", .word(["forbid", "queue"]), never: "started by a schedule"),
      SchemaProperty("missed_fires", .word(["one", "skip"]), never: "started by a schedule"),
    ], required: ["cron"])

  @Sendable private static func refuseNone(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    if node.mapping != nil, node["manual"] == nil, node["schedule"] == nil {
      throw DiagnosticError("`triggers` needs `manual` or `schedule`", at: node.position)
    }
    return node
  }

  /// Converts a crontab line to a mapping.
  @Sendable private static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    try node.expandingItems { (item) throws(DiagnosticError) in
      guard item.string != nil else { return item }
      var schedule = YAMLNode(mappingAt: item.position)
      schedule.set("cron", item)
      return schedule
    }
  }
}
