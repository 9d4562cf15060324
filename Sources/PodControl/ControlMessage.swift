import JSON

/// A request to an executor: one line of JSON (docs/design.md, "Control socket").
package struct ControlRequest: Codable, Sendable, Equatable {
  /// The commands that an executor handles.
  package enum Command: String, Codable, Sendable {
    case status, stop, restart, events
  }

  /// The protocol's version.
  package var version = ControlProtocol.version
  /// The raw value of a `Command`. An executor refuses any other value.
  package var command: String
  /// The ID of the task that the request is for; nil for all tasks of the executor.
  package var task: String?
  /// `stop`: the time that the pod has to stop, in milliseconds; nil for the pod's own grace
  /// period.
  package var grace: Int64?
  /// `restart`: the name of the service.
  package var service: String?
  /// `events`: whether the executor also sends events that occur later.
  package var follow: Bool?

  /// A request.
  package init(
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
package struct ControlResponse: Codable, Sendable, Equatable {
  /// The protocol's version.
  package var version = ControlProtocol.version
  /// `status`: one task's pod.
  package var status: PodStatus?
  /// `events`: the ID of the task that the event belongs to.
  package var task: String?
  /// `events`: one event.
  package var event: PodEvent?
  /// `stop`: the time after which nothing of the pod is left, in milliseconds.
  package var within: Int64?
  /// The reason why the request was refused or failed.
  package var error: String?
  /// True in the last line.
  package var end: Bool?

  /// A line of a response.
  package init(
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

/// The constants and the encoding that client and server share.
package enum ControlProtocol {
  /// The version of requests and responses. A new optional field does not change it.
  package static let version = 1
  /// The longest request in bytes, without its newline.
  package static let longestRequest = 65_536
  /// The longest line of a response in bytes.
  package static let longestResponse = 4 << 20

  /// Encodes a message as one line, including its newline.
  package static func line(_ message: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(message) else { return [] }
    return json + [0x0a]
  }

  /// Decodes a line; nil where it is not a message of this type.
  package static func message<Message: Decodable>(
    _ type: Message.Type, in line: some Collection<UInt8>
  ) -> Message? {
    try? JSONDecoder().decode(type, from: Array(line))
  }
}
