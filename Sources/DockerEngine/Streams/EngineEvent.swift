/// An event of the engine (Engine API, "EventMessage").
public struct EngineEvent: Sendable, Hashable, Decodable {
  /// The type of the object, such as `container`, `network`, `volume`, `image` or `daemon`.
  public let type: String
  /// The action, such as `create`, `start`, `die`, `oom`, `kill`, `health_status: healthy` or
  /// `exec_start: COMMAND`.
  public let action: String
  /// The ID of the object. The ID of a volume is its name.
  public let actorID: String
  /// Attributes. Those of a container include its labels, `name`, `image` and, for `die`,
  /// `exitCode`.
  public let attributes: [String: String]
  /// The time of the event, in nanoseconds since 1970 by the engine's clock.
  public let timeNano: Int

  /// Creates an event.
  public init(
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
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    type = try fields["Type"] ?? ""
    action = try fields["Action"] ?? ""
    timeNano = try fields["timeNano"] ?? 0
    let actor = try fields["Actor"] ?? Actor()
    actorID = actor.id
    attributes = actor.attributes
  }
}
