import OrderedCollections
import YAML

/// The keys of a job, a container that runs to its end (Compose specification, "Jobs top-level element"): its own,
/// and those that it shares with a service.
enum JobKeys {
  static let table = KeyTable(
    "a job", own + (ServiceKeys.container + ServiceKeys.workload).map(\.withoutIdentity),
    required: ["triggers"])

  /// What is said of the job itself.
  static let own: [Key] = [
    Key("profiles", .distinctStrings, never: "run by hand or by the clock"),
    Key(
      "triggers", .completing(refuseNone, .fields(triggerKeys)),
      never: "run by hand or by the clock"),
  ]

  private static let triggerKeys = KeyTable(
    "`triggers`",
    [
      Key("manual", .boolean, omit: .unset, never: "run by hand"),
      Key("schedule", .expanding(expand, .list(.fields(scheduleKeys))), never: "run by the clock"),
    ])

  private static let scheduleKeys = KeyTable(
    "a schedule",
    [
      Key("cron", .string, never: "run by the clock"),
      Key("timezone", .string, never: "run by the clock"),
      Key("concurrency", .word(["forbid", "queue"]), never: "run by the clock"),
      Key("missed_fires", .word(["one", "skip"]), never: "run by the clock"),
    ], required: ["cron"])

  @Sendable private static func refuseNone(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(ComposeError) -> YAMLNode {
    if node.mapping != nil, node["manual"] == nil, node["schedule"] == nil {
      throw ComposeError("`triggers` needs `manual` or `schedule`", at: node.position)
    }
    return node
  }

  /// A crontab's line alone as a mapping.
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
