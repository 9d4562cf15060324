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

  /// Reads the engine's JSON.
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
