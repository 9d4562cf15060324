import HTTPClient

extension DockerEngine {
  /// Creates a container (Engine API, "ContainerCreate"), as far as the engine's version can.
  /// - Parameters:
  ///   - name: Its name; nil lets the engine make one up.
  ///   - platform: `os[/arch[/variant]]` of the image to choose.
  ///   - body: What to create.
  /// - Returns: its ID, and what the engine warns of, or is too old to know.
  /// - Throws: `EngineError`: `tooOld` where it can't be made without what the engine doesn't know; 404 where the image is missing, 409 where the name is taken.
  public func createContainer(
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

  /// Starts a container; one that runs is left alone (Engine API, "ContainerStart").
  /// - Throws: `EngineError`.
  public func startContainer(_ id: String) async throws {
    var call = EngineCall("POST", "/containers/\(component(id))/start")
    call.accepted = [304]
    try await send(call)
  }

  /// Stops a container: its stop signal, then SIGKILL; one that doesn't run is left alone (Engine API, "ContainerStop").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - timeout: Seconds until SIGKILL; -1 waits for ever, nil asks the engine for the container's own.
  /// - Throws: `EngineError`, of kind `timedOut` when `requestTimeout` has passed after that.
  public func stopContainer(_ id: String, timeout: Int?) async throws {
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

  /// Sends a signal to a container's first process (Engine API, "ContainerKill").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - signal: A name or number: `SIGTERM`, `TERM`, `15`.
  /// - Throws: `EngineError`: 409 where the container doesn't run.
  public func killContainer(_ id: String, signal: String) async throws {
    try await send(
      EngineCall("POST", "/containers/\(component(id))/kill", query: [("signal", signal)]))
  }

  /// Gives a container another name (Engine API, "ContainerRename").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - name: The new name.
  /// - Throws: `EngineError`: 409 where the name is taken.
  public func renameContainer(_ id: String, to name: String) async throws {
    try await send(
      EngineCall("POST", "/containers/\(component(id))/rename", query: [("name", name)]))
  }

  /// Waits, without a deadline, until a container has ended (Engine API, "ContainerWait").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - condition: `not-running`, `next-exit` or `removed`.
  /// - Returns: its exit code.
  /// - Throws: `EngineError`, of kind `unreachable` when the engine ends first.
  public func waitContainer(_ id: String, condition: String = "not-running") async throws -> Int {
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
      // The head of its response comes with the exit code.
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

  /// All about one container (Engine API, "ContainerInspect").
  /// - Throws: `EngineError`.
  public func inspectContainer(_ id: String) async throws -> ContainerDetails {
    try await decoded(EngineCall("GET", "/containers/\(component(id))/json"))
  }

  /// Containers, newest first (Engine API, "ContainerList").
  /// - Parameters:
  ///   - all: Whether those that don't run are listed too.
  ///   - filters: Such as `["label": ["a=b"], "status": ["exited"]]`: values of one name are alternatives, but labels must all match.
  ///   - withSizes: Whether the engine sums up what each container has written, which takes its time.
  /// - Returns: a summary of each.
  /// - Throws: `EngineError`.
  public func listContainers(
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

  /// Lists containers in any state with ID, names, image ID, state, labels and time of creation alone.
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
  ///   - force: Whether it is killed first if it runs.
  ///   - volumes: Whether its anonymous volumes go with it.
  /// - Throws: `EngineError`: 409 where it runs, or is being removed already.
  public func removeContainer(_ id: String, force: Bool, volumes: Bool) async throws {
    try await send(
      EngineCall(
        "DELETE", "/containers/\(component(id))",
        query: [("force", force ? "1" : "0"), ("v", volumes ? "1" : "0")]))
  }
}
