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
  ///   - until: Only what is older, in the same form.
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
}
