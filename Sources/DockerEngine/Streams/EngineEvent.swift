/// An event of the engine (Engine API, "EventMessage").
package struct EngineEvent: Sendable, Hashable, Decodable {
  /// The type of the object, such as `container`, `network`, `volume`, `image` or `daemon`.
  package let type: String
  /// The action, such as `create`, `start`, `die`, `oom`, `kill`, `health_status: healthy` or
  /// `exec_start: COMMAND`.
  package let action: String
  /// The ID of the object. The ID of a volume is its name.
  package let actorID: String
  /// Attributes. Those of a container include its labels, `name`, `image` and, for `die`,
  /// `exitCode`.
  package let attributes: [String: String]
  /// The time of the event, in nanoseconds since 1970 by the engine's clock.
  package let timeNano: Int

  /// Creates an event.
  package init(
    type: String, action: String, actorID: String, attributes: [String: String] = [:],
    timeNano: Int = 0
  ) {
    self.type = type
    self.action = action
    self.actorID = actorID
    self.attributes = attributes
    self.timeNano = timeNano
  }

  private struct Actor: Decodable {
    var id = ""
    var attributes: [String: String] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
      let fields = try EngineFields(decoder)
      id = try fields["ID"] ?? ""
      attributes = try fields["Attributes"] ?? [:]
    }
  }

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    type = try fields["Type"] ?? ""
    action = try fields["Action"] ?? ""
    timeNano = try fields["timeNano"] ?? 0
    let actor = try fields["Actor"] ?? Actor()
    actorID = actor.id
    attributes = actor.attributes
  }
}
