import Glibc
import HTTPClient

/// The engine's events as they happen. The sequence ends when the engine closes it, and throws when
/// the connection breaks.
///
/// For one consumer. The stream stops when the sequence is dropped, or when the task that waits for
/// it is canceled.
package struct EventSequence: AsyncSequence, Sendable {
  /// An event.
  package typealias Element = EngineEvent

  let body: HTTPBody
  let call: EngineCall

  /// Reads events from the stream.
  package struct AsyncIterator: AsyncIteratorProtocol {
    private var objects: JSONObjectReader<EngineEvent>

    init(_ events: EventSequence) {
      objects = JSONObjectReader(events.body, events.call)
    }

    /// The next event; nil at the end.
    /// - Throws: `EngineError` of kind `unreachable` if the connection breaks; `CancellationError`.
    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws -> EngineEvent? {
      try await objects.next(isolation: actor)
    }
  }

  /// Creates the only iterator of the sequence.
  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  /// Stops the stream now. A task that waits for an event gets `CancellationError`.
  package func cancel() { body.cancel() }
}

extension DockerEngine {
  /// Follows the engine's events (Engine API, "SystemEvents"). Returns when the engine has
  /// responded.
  ///
  /// Without `since`, no event is lost that happens after this call began. The engine responds
  /// before it subscribes, so the call requests the past events (the engine keeps 256) since the
  /// call began. The clock of a remote engine is known only to the second, so events from up to a
  /// second before may come first.
  /// - Parameters:
  ///   - filters: Filters, such as `["type": ["container"], "label": ["a=b"]]`.
  ///   - since: The time of the first event: seconds since 1970, with up to nine decimals.
  ///   - until: The time at which the stream ends, in the same format.
  /// - Returns: The events.
  /// - Throws: `EngineError`.
  package func events(
    filters: [String: [String]] = [:], since: String? = nil, until: String? = nil
  ) async throws -> EventSequence {
    var call = EngineCall("GET", "/events")
    try call.add(filters: filters)
    var start = since
    if start == nil { start = try await startOfEvents() }
    if let start { call.query.append(("since", start)) }
    if let until { call.query.append(("until", until)) }
    return EventSequence(body: try await stream(call).body, call: call)
  }

  private func startOfEvents() async throws -> String? {
    guard endpoint.isLocal else {
      return try await secondsSince1970(httpDate: ping().date).map(String.init)
    }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let decimals = String(now.tv_nsec)
    return "\(now.tv_sec)." + String(repeating: "0", count: 9 - decimals.count) + decimals
  }
}

/// Parses the date of an HTTP header, such as `Sun, 22 Nov 2026 11:12:47 GMT`. Nil for anything
/// else.
func secondsSince1970(httpDate: String) -> Int? {
  let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  let words = httpDate.split(separator: " ")
  guard words.count == 6, words[5] == "GMT", let day = Int32(words[1]),
    let month = months.firstIndex(of: String(words[2])), let year = Int32(words[3]),
    1970...9999 ~= year
  else { return nil }
  let time = words[4].split(separator: ":").compactMap { Int32($0) }
  guard time.count == 3 else { return nil }
  var parts = tm()
  parts.tm_year = year - 1900
  parts.tm_mon = Int32(month)
  parts.tm_mday = day
  (parts.tm_hour, parts.tm_min, parts.tm_sec) = (time[0], time[1], time[2])
  return timegm(&parts)
}
