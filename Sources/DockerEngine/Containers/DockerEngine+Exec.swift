import HTTPClient

/// A command to run in a running container (Engine API, "ExecCreate"). What is nil is the container's own.
public struct ExecCreate: Sendable, Encodable {
  /// The command and its arguments.
  public var cmd: [String]
  /// `user[:group]`.
  public var user: String?
  /// Whether it may do what the host's root may.
  public var privileged: Bool?
  /// The working directory.
  public var workingDir: String?
  /// Variables as `NAME=value`, over the container's.
  public var env: [String]?
  /// Whether its output can be read.
  public var attachStdout = true
  /// Whether its errors can be read.
  public var attachStderr = true
  /// Whether it is given an input; nil for none.
  public var attachStdin: Bool?
  /// Whether it gets a terminal; nil for none.
  public var tty: Bool?
  /// The keys that detach from its terminal; nil for the engine's default.
  public var detachKeys: String?

  /// A command as the container's own user.
  public init(cmd: [String]) { self.cmd = cmd }

  enum CodingKeys: String, EngineKey {
    case cmd, user, privileged, workingDir, env, attachStdout, attachStderr, attachStdin, tty
    case detachKeys
  }
}

extension DockerEngine {
  /// Prepares a command in a running container (Engine API, "ContainerExec").
  /// - Parameters:
  ///   - container: ID or name.
  ///   - body: The command.
  /// - Returns: the command's ID.
  /// - Throws: `EngineError`: 409 where the container doesn't run, `tooOld` where the engine can't
  ///   run it so.
  public func createExec(_ container: String, _ body: ExecCreate) async throws -> String {
    struct Created: Decodable {
      let id: String
      enum CodingKeys: String, EngineKey { case id }
    }
    let call = try EngineCall("POST", "/containers/\(component(container))/exec", json: body)
    if let refusal = try await ability().refusal(of: body.needs) {
      throw call.error(.tooOld, refusal)
    }
    let created: Created = try await decoded(call)
    return created.id
  }

  /// Starts a prepared command (Engine API, "ExecStart", without a connection upgrade).
  /// - Parameter id: The command's ID.
  /// - Returns: its output, which ends with it.
  /// - Throws: `EngineError`.
  public func startExec(_ id: String) async throws -> OutputFrames {
    let call = try startCall(id, tty: false)
    return OutputFrames(body: try await stream(call).body, call: call, isMultiplexed: true)
  }

  /// The start of a prepared command with its input (Engine API, "ExecStart", with a connection upgrade).
  /// - Parameters:
  ///   - id: The command's ID.
  ///   - tty: Whether it was prepared with a terminal.
  /// - Returns: the start, which isn't sent yet.
  /// - Throws: `EngineError`.
  public func execStart(_ id: String, tty: Bool) async throws -> ExecStart {
    let call = try startCall(id, tty: tty)
    let version = try await ability().version
    let request = request(call, path: "/v\(version)\(call.path)")
    return ExecStart(call: call, request: request, isMultiplexed: !tty)
  }

  private func startCall(_ id: String, tty: Bool) throws -> EngineCall {
    struct Body: Encodable {
      let detach = false
      let tty: Bool
      enum CodingKeys: String, EngineKey { case detach, tty }
    }
    return try EngineCall("POST", "/exec/\(component(id))/start", json: Body(tty: tty))
  }

  /// Sets the size of a command's terminal (Engine API, "ExecResize").
  /// - Parameters:
  ///   - id: The command's ID.
  ///   - rows: The terminal's lines.
  ///   - columns: The terminal's columns.
  /// - Throws: `EngineError`, also for a command that isn't running yet.
  public func resizeExec(_ id: String, rows: Int, columns: Int) async throws {
    try await send(
      EngineCall(
        "POST", "/exec/\(component(id))/resize",
        query: [("h", String(rows)), ("w", String(columns))]))
  }

  /// How a command ended (Engine API, "ExecInspect").
  /// - Parameter id: The command's ID.
  /// - Returns: its exit code; nil while it runs.
  /// - Throws: `EngineError`.
  public func execExitCode(_ id: String) async throws -> Int? {
    let details = try await inspectExec(id)
    return details.isRunning ? nil : details.exitCode
  }

  /// All about a command (Engine API, "ExecInspect").
  /// - Parameter id: The command's ID.
  /// - Returns: its state.
  /// - Throws: `EngineError`.
  public func inspectExec(_ id: String) async throws -> ExecDetails {
    try await decoded(EngineCall("GET", "/exec/\(component(id))/json"))
  }
}

/// A command in a container as the engine knows it (Engine API, "ExecInspect").
public struct ExecDetails: Sendable, Decodable {
  /// Whether it is running.
  public let isRunning: Bool
  /// Its exit code; nil before its end.
  public let exitCode: Int?
  /// Its process in the engine's pid namespace; 0 or nil where there is none.
  public let pid: Int32?

  enum CodingKeys: String, EngineKey {
    case isRunning = "Running"
    case exitCode, pid
  }
}
