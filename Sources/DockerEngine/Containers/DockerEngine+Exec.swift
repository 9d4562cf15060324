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

  /// A command as the container's own user.
  public init(cmd: [String]) { self.cmd = cmd }

  enum CodingKeys: String, EngineKey {
    case cmd, user, privileged, workingDir, env, attachStdout, attachStderr
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
    struct Body: Encodable {
      let detach = false
      let tty = false
      enum CodingKeys: String, EngineKey { case detach, tty }
    }
    let call = try EngineCall("POST", "/exec/\(component(id))/start", json: Body())
    return OutputFrames(body: try await stream(call).body, call: call, isMultiplexed: true)
  }

  /// How a command ended (Engine API, "ExecInspect").
  /// - Parameter id: The command's ID.
  /// - Returns: its exit code; nil while it runs.
  /// - Throws: `EngineError`.
  public func execExitCode(_ id: String) async throws -> Int? {
    struct Details: Decodable {
      let running: Bool
      let exitCode: Int?
      enum CodingKeys: String, EngineKey { case running, exitCode }
    }
    let details: Details = try await decoded(EngineCall("GET", "/exec/\(component(id))/json"))
    return details.running ? nil : details.exitCode
  }
}
