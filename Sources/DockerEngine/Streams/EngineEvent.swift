/// Something that happened in the engine (Engine API, "EventMessage").
public struct EngineEvent: Sendable, Hashable, Decodable {
  /// What it happened to: `container`, `network`, `volume`, `image`, `daemon`, …
  public let type: String
  /// What happened: `create`, `start`, `die`, `oom`, `kill`, `health_status: healthy`, `exec_start: COMMAND`, …
  public let action: String
  /// ID of what it happened to; a volume's is its name.
  public let actorID: String
  /// Attributes; a container's include its labels, `name`, `image` and, for `die`, `exitCode`.
  public let attributes: [String: String]
  /// When it happened, nanoseconds since 1970 by the engine's clock.
  public let timeNano: Int

  /// An event.
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

  private enum CodingKeys: String, CodingKey {
    case type = "Type"
    case action = "Action"
    case actor = "Actor"
    case timeNano
  }

  private enum ActorKeys: String, CodingKey {
    case id = "ID"
    case attributes = "Attributes"
  }

  /// Reads the engine's JSON.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    type = try fields.value(.type, default: "")
    action = try fields.value(.action, default: "")
    timeNano = try fields.value(.timeNano, default: 0)
    if fields.contains(.actor) {
      let actor = try fields.nestedContainer(keyedBy: ActorKeys.self, forKey: .actor)
      actorID = try actor.value(.id, default: "")
      attributes = try actor.value(.attributes, default: [:])
    } else {
      actorID = ""
      attributes = [:]
    }
  }
}
