import HTTPClient

/// A command to run in a running container (Engine API, "ExecCreate"). A nil value is that of the
/// container.
package struct ExecCreate: Sendable, Encodable {
  /// The command and its arguments.
  package var cmd: [String]
  /// `user[:group]`.
  package var user: String?
  /// Whether the command has the full privileges of the host's root.
  package var privileged: Bool?
  /// The working directory.
  package var workingDir: String?
  /// Variables as `NAME=value`, in addition to the container's. They take precedence.
  package var env: [String]?
  /// Whether the client receives the standard output.
  package var attachStdout = true
  /// Whether the client receives the standard error.
  package var attachStderr = true
  /// Whether the command gets an input. Nil: no.
  package var attachStdin: Bool?
  /// Whether the command gets a terminal. Nil: no.
  package var tty: Bool?
  /// The key sequence that detaches from the terminal. Nil: the engine's default.
  package var detachKeys: String?

  /// Creates a command that runs as the container's user.
  package init(cmd: [String]) { self.cmd = cmd }

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
  /// - Returns: The command's ID.
  /// - Throws: `EngineError`: 409 if the container isn't running, `tooOld` if the engine lacks a
  ///   feature that the command requires.
  package func createExec(_ container: String, _ body: ExecCreate) async throws -> String {
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
  /// - Returns: The command's output. It ends when the command exits.
  /// - Throws: `EngineError`.
  package func startExec(_ id: String) async throws -> OutputFrames {
    let call = try startCall(id, tty: false)
    return OutputFrames(body: try await stream(call).body, call: call, isMultiplexed: true)
  }

  /// Prepares the start of a command with input (Engine API, "ExecStart", with a connection
  /// upgrade).
  /// - Parameters:
  ///   - id: The command's ID.
  ///   - tty: Whether the command was prepared with a terminal.
  /// - Returns: The start, which isn't sent yet.
  /// - Throws: `EngineError`.
  package func execStart(_ id: String, tty: Bool) async throws -> ExecStart {
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
  ///   - rows: The number of lines of the terminal.
  ///   - columns: The number of columns of the terminal.
  /// - Throws: `EngineError`, also if the command isn't running yet.
  package func resizeExec(_ id: String, rows: Int, columns: Int) async throws {
    try await send(
      EngineCall(
        "POST", "/exec/\(component(id))/resize",
        query: [("h", String(rows)), ("w", String(columns))]))
  }

  /// The exit code of a command (Engine API, "ExecInspect").
  /// - Parameter id: The command's ID.
  /// - Returns: The exit code. Nil while the command is running.
  /// - Throws: `EngineError`.
  package func execExitCode(_ id: String) async throws -> Int? {
    let details = try await inspectExec(id)
    return details.isRunning ? nil : details.exitCode
  }

  /// The state of a command (Engine API, "ExecInspect").
  /// - Parameter id: The command's ID.
  /// - Returns: The state.
  /// - Throws: `EngineError`.
  package func inspectExec(_ id: String) async throws -> ExecDetails {
    try await decoded(EngineCall("GET", "/exec/\(component(id))/json"))
  }
}

/// The state of a command in a container (Engine API, "ExecInspect").
package struct ExecDetails: Sendable, Decodable {
  /// Whether the command is running.
  package let isRunning: Bool
  /// The exit code. Nil before the command has exited.
  package let exitCode: Int?
  /// The process ID in the engine's PID namespace. 0 or nil if there is no process.
  package let pid: Int32?

  enum CodingKeys: String, EngineKey {
    case isRunning = "Running"
    case exitCode, pid
  }
}
