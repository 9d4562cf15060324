import HTTPClient

extension DockerEngine {
  /// Creates a container (Engine API, "ContainerCreate"), as far as the engine's API version
  /// permits.
  /// - Parameters:
  ///   - name: The container's name. Nil: the engine chooses one.
  ///   - platform: The platform of the image, as `os[/arch[/variant]]`.
  ///   - body: The configuration.
  /// - Returns: The container's ID. The warnings are those of the engine and one for each setting
  ///   that the engine is too old for.
  /// - Throws: `EngineError`: `tooOld` if the engine lacks a feature that the container requires,
  ///   404 if the image is missing, 409 if the name is in use.
  package func createContainer(
    name: String?, platform: String? = nil, _ body: ContainerCreate
  ) async throws -> (id: String, warnings: [String]) {
    struct Created: Decodable {
      let id: String
      let warnings: [String]?
      enum CodingKeys: String, EngineKey { case id, warnings }
    }
    let ability = try await ability()
    let (fitted, dropped) = body.fitted(to: ability)
    var call = try EngineCall("POST", "/containers/create", json: fitted)
    if let name { call.query.append(("name", name)) }
    if let refusal = ability.refusal(of: body.needs) { throw call.error(.tooOld, refusal) }
    if let platform {
      if ability.has(.createPlatform) {
        call.query.append(("platform", platform))
      } else if let image = body.image {
        try await check(platform, of: image, for: call)
      }
    }
    let created: Created = try await decoded(call)
    return (created.id, (created.warnings ?? []) + dropped)
  }

  /// Starts a container. Has no effect on a running container (Engine API, "ContainerStart").
  /// - Throws: `EngineError`.
  package func startContainer(_ id: String) async throws {
    var call = EngineCall("POST", "/containers/\(component(id))/start")
    call.accepted = [304]
    try await send(call)
  }

  /// Stops a container with its stop signal, then with SIGKILL. Has no effect on a container that
  /// isn't running (Engine API, "ContainerStop").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - timeout: Seconds until SIGKILL. -1 waits without limit. Nil uses the container's own
  ///     timeout.
  /// - Throws: `EngineError`, of kind `timedOut` if the engine doesn't respond within
  ///   `requestTimeout` after that.
  package func stopContainer(_ id: String, timeout: Int?) async throws {
    var call = EngineCall("POST", "/containers/\(component(id))/stop")
    call.accepted = [304]
    let grace: Int
    if let timeout {
      call.query.append(("t", String(timeout)))
      grace = timeout
    } else {
      grace = try await inspectContainer(id).config.stopTimeout ?? 10
    }
    call.extraTime = .seconds(grace < 0 ? Int(Int32.max) : grace)
    try await send(call)
  }

  /// Sends a signal to the first process of a container (Engine API, "ContainerKill").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - signal: Name or number: `SIGTERM`, `TERM` or `15`.
  /// - Throws: `EngineError`: 409 if the container isn't running.
  package func killContainer(_ id: String, signal: String) async throws {
    try await send(
      EngineCall("POST", "/containers/\(component(id))/kill", query: [("signal", signal)]))
  }

  /// Renames a container (Engine API, "ContainerRename").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - name: The new name.
  /// - Throws: `EngineError`: 409 if the name is in use.
  package func renameContainer(_ id: String, to name: String) async throws {
    try await send(
      EngineCall("POST", "/containers/\(component(id))/rename", query: [("name", name)]))
  }

  /// Waits, without a deadline, until a container has exited (Engine API, "ContainerWait").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - condition: `not-running`, `next-exit` or `removed`.
  /// - Returns: The container's exit code.
  /// - Throws: `EngineError`, of kind `unreachable` if the engine stops first.
  package func waitContainer(_ id: String, condition: String = "not-running") async throws -> Int {
    struct Ended: Decodable {
      struct Fault: Decodable {
        let message: String?
        enum CodingKeys: String, EngineKey { case message }
      }
      let statusCode: Int
      let fault: Fault?
      enum CodingKeys: String, EngineKey { case statusCode, fault = "Error" }
    }
    var call = EngineCall("POST", "/containers/\(component(id))/wait")
    if try await ability().has(.waitCondition) {
      call.query.append(("condition", condition))
    } else {
      guard condition == "not-running" else {
        throw call.error(.tooOld, try await ability().lack(of: .waitCondition))
      }
      // Such an engine sends the head of the response together with the exit code.
      call.extraTime = .seconds(Int32.max)
    }
    let body: [UInt8]
    do {
      body = try await stream(call).body.collect(upTo: 1 << 20)
    } catch let error as HTTPError {
      throw call.error(error)
    }
    let ended: Ended = try decode(body, call)
    if let message = ended.fault?.message, !message.isEmpty {
      throw call.error(.status(500), message)
    }
    return ended.statusCode
  }

  /// The details of one container (Engine API, "ContainerInspect").
  /// - Throws: `EngineError`.
  package func inspectContainer(_ id: String) async throws -> ContainerDetails {
    try await decoded(EngineCall("GET", "/containers/\(component(id))/json"))
  }

  /// Lists containers, newest first (Engine API, "ContainerList").
  /// - Parameters:
  ///   - all: Whether the list includes containers that aren't running.
  ///   - filters: Filters, such as `["label": ["a=b"], "status": ["exited"]]`. The values of one
  ///     name are alternatives, but all labels must match.
  ///   - withSizes: Whether the engine measures the writable layer of each container, which takes
  ///     long.
  /// - Returns: A summary of each container.
  /// - Throws: `EngineError`.
  package func listContainers(
    all: Bool, filters: [String: [String]] = [:], withSizes: Bool = false
  ) async throws -> [ContainerSummary] {
    var call = EngineCall("GET", "/containers/json", query: all ? [("all", "1")] : [])
    if withSizes {
      call.query.append(("size", "1"))
      call.extraTime = .seconds(240)
    }
    try call.add(filters: filters)
    return try await decoded(call)
  }

  /// Lists containers in any state. The summaries have only ID, names, image ID, state, labels and
  /// time of creation.
  /// - Parameter filters: The engine's filters.
  /// - Returns: The containers.
  /// - Throws: `EngineError`.
  package func identifyContainers(filters: [String: [String]]) async throws -> [ContainerSummary] {
    var call = EngineCall("GET", "/containers/json", query: [("all", "1")])
    try call.add(filters: filters)
    let found: [IdentifiedContainer] = try await decoded(call)
    return found.map(\.summary)
  }

  /// Removes a container (Engine API, "ContainerDelete").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - force: Whether the engine kills a running container first.
  ///   - volumes: Whether the engine also removes the container's anonymous volumes.
  /// - Throws: `EngineError`: 409 if the container is running or another removal of it is in
  ///   progress.
  package func removeContainer(_ id: String, force: Bool, volumes: Bool) async throws {
    try await send(
      EngineCall(
        "DELETE", "/containers/\(component(id))",
        query: [("force", force ? "1" : "0"), ("v", volumes ? "1" : "0")]))
  }
}
