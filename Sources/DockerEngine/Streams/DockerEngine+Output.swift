import Glibc
import HTTPClient

extension DockerEngine {
  /// Follows a container's output from now on (Engine API, "ContainerAttach", without a connection
  /// upgrade).
  ///
  /// Returns when the engine has responded. A container that is started after that loses no output:
  /// the engine begins to forward output microseconds after its response, and a start takes tens of
  /// milliseconds. The output ends when the container exits. On a container that has exited, it
  /// waits for the next start. A container blocks when nobody reads its output.
  /// - Parameters:
  ///   - id: ID or name.
  ///   - tty: Whether the container has a terminal. Its output is then one stream.
  /// - Returns: The future output.
  /// - Throws: `EngineError`.
  package func attach(_ id: String, tty: Bool) async throws -> OutputFrames {
    let call = EngineCall(
      "POST", "/containers/\(component(id))/attach",
      query: [("stream", "1"), ("stdout", "1"), ("stderr", "1")])
    return OutputFrames(body: try await stream(call).body, call: call, isMultiplexed: !tty)
  }

  /// Reads the stored output of a container (Engine API, "ContainerLogs").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - tty: Whether the container has a terminal. Its output is then one stream.
  ///   - follow: Whether to continue until the container exits.
  ///   - timestamps: Whether each line begins with its time (RFC 3339, nine decimals) and a space.
  ///   - since: The time of the oldest output to read: seconds since 1970, with up to nine
  ///     decimals.
  ///   - until: The time of the newest output to read, in the format of `since`. From API 1.35 on.
  ///   - tail: The number of lines to read from the end.
  /// - Returns: The output, in order.
  /// - Throws: `EngineError`: 501 if the log driver doesn't support reading.
  package func logs(
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

  /// Whether the engine has stored a line of a container's output that was written before a point
  /// in time.
  /// - Parameters:
  ///   - id: ID or name.
  ///   - tty: Whether the container has a terminal.
  ///   - moment: Seconds since 1970, with nine decimals.
  /// - Returns: Whether there is such a line. Only the first line, which is the oldest, is checked.
  /// - Throws: `EngineError`: 501 if the log driver doesn't support reading.
  package func hasOutput(_ id: String, tty: Bool, before moment: String) async throws -> Bool {
    var call = EngineCall(
      "GET", "/containers/\(component(id))/logs", query: [("stdout", "1"), ("stderr", "1")])
    let supportsUntil = try await ability().has(.logsUntil)
    call.query.append(supportsUntil ? ("until", moment) : ("timestamps", "1"))
    let frames = OutputFrames(body: try await stream(call).body, call: call, isMultiplexed: !tty)
    var iterator = frames.makeAsyncIterator()
    guard let first = try await iterator.nextBatch()?.first else { return false }
    if supportsUntil { return true }
    frames.cancel()
    guard let time = LogTime(line: first.bytes) else { return false }
    return time.text < moment
  }
}

/// The time at the beginning of a log line, RFC 3339 in UTC with nine decimals.
struct LogTime: Equatable {
  /// Seconds since 1970, with nine decimals. Of two texts with the same length, the smaller is the
  /// earlier time.
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
