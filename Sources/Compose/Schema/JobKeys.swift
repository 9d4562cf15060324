import OrderedCollections
import YAML

/// The keys of a job, a container that runs to completion (Compose specification, "Jobs top-level
/// element"): its own keys and those that it shares with a service.
enum JobKeys {
  static let table = KeyTable(
    "a job", own + (ServiceKeys.container + ServiceKeys.workload).map(\.withoutIdentity),
    required: ["triggers"])

  /// The keys of the job itself.
  static let own: [Key] = [
    Key("profiles", .distinctStrings, never: "started manually or by a schedule"),
    Key(
      "triggers", .completing(refuseNone, .fields(triggerKeys)),
      never: "started manually or by a schedule"),
  ]

  private static let triggerKeys = KeyTable(
    "`triggers`",
    [
      Key("manual", .boolean, omit: .unset, never: "started manually"),
      Key(
        "schedule", .expanding(expand, .list(.fields(scheduleKeys))), never: "started by a schedule"
      ),
    ])

  private static let scheduleKeys = KeyTable(
    "a schedule",
    [
      Key("cron", .string, never: "started by a schedule"),
      Key("timezone", .string, never: "started by a schedule"),
      Key("concurrency", .word(["forbid", "queue"]), never: "started by a schedule"),
      Key("missed_fires", .word(["one", "skip"]), never: "started by a schedule"),
    ], required: ["cron"])

  @Sendable private static func refuseNone(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    if node.mapping != nil, node["manual"] == nil, node["schedule"] == nil {
      throw ComposeError("`triggers` needs `manual` or `schedule`", at: node.position)
    }
    return node
  }

  /// Converts a crontab line to a mapping.
  @Sendable private static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    try node.expandingItems { (item) throws(ComposeError) in
      guard item.string != nil else { return item }
      var schedule = YAMLNode(mappingAt: item.position)
      schedule.set("cron", item)
      return schedule
    }
  }
}
