import Glibc
import HTTPClient

extension DockerEngine {
  /// Follows a container's output from now on (Engine API, "ContainerAttach", without a connection upgrade).
  ///
  /// Returns when the engine has answered, so that a container can be started after that and lose nothing: the engine
  /// takes up the output microseconds after its answer, a start takes tens of milliseconds. The output ends
  /// when the container does; on a container that has ended it waits for the next start. A container is held back
  /// when nobody reads what it writes.
  /// - Parameters:
  ///   - id: ID or name.
  ///   - tty: Whether the container has a terminal; its output is then one stream.
  /// - Returns: the output to come.
  /// - Throws: `EngineError`.
  public func attach(_ id: String, tty: Bool) async throws -> OutputFrames {
    let call = EngineCall(
      "POST", "/containers/\(component(id))/attach",
      query: [("stream", "1"), ("stdout", "1"), ("stderr", "1")])
    return OutputFrames(body: try await stream(call).body, call: call, isMultiplexed: !tty)
  }

  /// Reads what the engine has kept of a container's output (Engine API, "ContainerLogs").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - tty: Whether the container has a terminal; its output is then one stream.
  ///   - follow: Whether to go on until the container ends.
  ///   - timestamps: Whether each line begins with its time (RFC 3339, nine decimals) and a space.
  ///   - since: Only what is not older: seconds since 1970, with up to nine decimals.
  ///   - until: Only what is not younger, written as `since`; from API 1.35 on.
  ///   - tail: Only the last lines: how many.
  /// - Returns: the output, in order.
  /// - Throws: `EngineError`: 501 where the log driver can't be read.
  public func logs(
    _ id: String, tty: Bool, follow: Bool, timestamps: Bool, since: String? = nil,
    until: String? = nil, tail: String? = nil
  ) async throws -> OutputFrames {
    var call = EngineCall(
      "GET", "/containers/\(component(id))/logs", query: [("stdout", "1"), ("stderr", "1")])
    if follow { call.query.append(("follow", "1")) }
    if timestamps { call.query.append(("timestamps", "1")) }
    if let since { call.query.append(("since", since)) }
    if let until { call.query.append(("until", until)) }
    if let tail { call.query.append(("tail", tail)) }
    return OutputFrames(body: try await stream(call).body, call: call, isMultiplexed: !tty)
  }

  /// Whether the engine has kept a line of a container's output that was written before a moment.
  /// - Parameters:
  ///   - id: ID or name.
  ///   - tty: Whether the container has a terminal.
  ///   - moment: Seconds since 1970, with nine decimals.
  /// - Returns: whether there is one; its first line is the oldest.
  /// - Throws: `EngineError`: 501 where the log driver can't be read.
  public func hasOutput(_ id: String, tty: Bool, before moment: String) async throws -> Bool {
    var call = EngineCall(
      "GET", "/containers/\(component(id))/logs", query: [("stdout", "1"), ("stderr", "1")])
    let canSay = try await ability().has(.logsUntil)
    call.query.append(canSay ? ("until", moment) : ("timestamps", "1"))
    let frames = OutputFrames(body: try await stream(call).body, call: call, isMultiplexed: !tty)
    var iterator = frames.makeAsyncIterator()
    guard let first = try await iterator.nextBatch()?.first else { return false }
    if canSay { return true }
    frames.cancel()
    guard let time = LogTime(line: first.bytes) else { return false }
    return time.text < moment
  }
}

/// The time at the beginning of a log's line, RFC 3339 in UTC with nine decimals.
struct LogTime: Equatable {
  /// Seconds since 1970, with nine decimals: of texts of one length the smaller is the earlier.
  let text: String

  init?(line: some Collection<UInt8>) {
    let word = String(decoding: line.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
    guard word.hasSuffix("Z"), word.utf8.count >= 20 else { return nil }
    let parts = word.dropLast().split(separator: ".")
    guard let date = parts.first else { return nil }
    let fields = date.split { $0 == "-" || $0 == ":" || $0 == "T" }.compactMap { Int32($0) }
    guard fields.count == 6, 1...2 ~= parts.count else { return nil }
    var time = tm()
    (time.tm_year, time.tm_mon, time.tm_mday) = (fields[0] - 1900, fields[1] - 1, fields[2])
    (time.tm_hour, time.tm_min, time.tm_sec) = (fields[3], fields[4], fields[5])
    let decimals = parts.count == 2 ? parts[1].prefix(9) : ""
    text = "\(timegm(&time))." + decimals + String(repeating: "0", count: 9 - decimals.count)
  }
}
