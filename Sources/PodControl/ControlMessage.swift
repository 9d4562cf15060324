import JSON

/// A request to an executor: one line of JSON (docs/design.md, "Control socket").
public struct ControlRequest: Codable, Sendable, Equatable {
  /// What the executor can be asked for.
  public enum Command: String, Codable, Sendable {
    case status, stop, restart, events
  }

  /// The protocol's version.
  public var version = ControlProtocol.version
  /// One of `Command`; an executor refuses any other.
  public var command: String
  /// The task that it is about; nil for all tasks of the executor.
  public var task: String?
  /// `stop`: how long the pod may take to stop, in milliseconds; nil for the pod's own time.
  public var grace: Int64?
  /// `restart`: the service.
  public var service: String?
  /// `events`: whether further events are sent as they happen.
  public var follow: Bool?

  /// Makes a request.
  public init(
    _ command: Command, task: String? = nil, grace: Int64? = nil, service: String? = nil,
    follow: Bool? = nil
  ) {
    self.command = command.rawValue
    self.task = task
    self.grace = grace
    self.service = service
    self.follow = follow
  }
}

/// One line of an executor's response (docs/design.md, "Control socket").
public struct ControlResponse: Codable, Sendable, Equatable {
  /// The protocol's version.
  public var version = ControlProtocol.version
  /// `status`: one task's pod.
  public var status: PodStatus?
  /// `events`: the task that the event belongs to.
  public var task: String?
  /// `events`: one event.
  public var event: PodEvent?
  /// `stop`: how long the pod may take until nothing of it is left, in milliseconds.
  public var within: Int64?
  /// Why the request was refused, or failed.
  public var error: String?
  /// True in the last line.
  public var end: Bool?

  /// Makes a line.
  public init(
    status: PodStatus? = nil, task: String? = nil, event: PodEvent? = nil, within: Int64? = nil,
    error: String? = nil, end: Bool? = nil
  ) {
    self.status = status
    self.task = task
    self.event = event
    self.within = within
    self.error = error
    self.end = end
  }
}

/// What both ends of a control socket agree on.
package enum ControlProtocol {
  /// The version of requests and responses. New optional fields keep it.
  package static let version = 1
  /// The longest request in bytes, without its newline.
  package static let longestRequest = 65_536
  /// The longest line of a response in bytes.
  package static let longestResponse = 4 << 20

  /// A message as a line of bytes, its newline included.
  package static func line(_ message: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(message) else { return [] }
    return json + [0x0a]
  }

  /// Reads a line; nil for what is no such message.
  package static func message<Message: Decodable>(
    _ type: Message.Type, in line: some Collection<UInt8>
  ) -> Message? {
    try? JSONDecoder().decode(type, from: Array(line))
  }
}
