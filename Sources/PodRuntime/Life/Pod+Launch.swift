import Compose
import DockerEngine
import Logging
import OrderedCollections
import PodIdentity

/// Why a launch stopped, in a line for people.
struct LaunchFailure: Error, CustomStringConvertible {
  let description: String
}

extension Pod {
  /// Brings every service up in the order of its dependencies, as many at once as that allows.
  func launch() async {
    do {
      async let found = images.provide(
        for: request.project.services.values.flatMap { [$0] + $0.hookImages })
      let setup = PodSetup(request: request, engine: engine, info: info)
      async let asked = setup.plan()
      let early = try setup.earlyPlan()
      await until { self.isListening || self.verdict != nil }
      let details = try await found
      try Task.checkCancellation()
      // The engine takes its time to tell of its cgroups, and networks have no need to wait for that.
      if let early {
        // Whoever ends the pod now has to know what to look for.
        self.plan = early
        try await createNetworksAndVolumes(of: early)
      }
      let plan = try await asked
      try Task.checkCancellation()
      adopt(plan)
      if let path = plan.reservation, let first = plan.containers.first {
        try await reserve(path, with: first, image: details[first.service.name])
      }
      if early == nil { try await createNetworksAndVolumes(of: plan) }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for container in plan.containers {
          group.addTask { try await self.bringUp(container, images: details) }
        }
        try await group.waitForAll()
      }
      await until { self.verdict != nil || self.members.values.allSatisfy(\.isUp) }
      let addresses = await addresses(of: plan)
      // What has been decided meanwhile is never followed by RUNNING.
      guard verdict == nil, !Task.isCancelled else { return }
      await report(.running(addresses))
      isRunning = true
      checkFinished()
    } catch is CancellationError {
      // Whoever cancelled has decided how the pod ends.
    } catch {
      fail("\(error)")
    }
  }

  private func adopt(_ plan: PodPlan) {
    for warning in plan.warnings { log.warning("\(warning)") }
    for (index, container) in plan.containers.enumerated() {
      members[container.key] = Member(plan: container, index: index)
    }
    self.plan = plan
  }

  private func createNetworksAndVolumes(of plan: PodPlan) async throws {
    let engine = engine
    try await withThrowingTaskGroup(of: Void.self) { group in
      for network in plan.networks {
        group.addTask {
          let id = try await self.answered("network \(network.name)") {
            try await engine.createNetwork(network)
          }
          await self.note { $0.networks.append(id) }
        }
      }
      for volume in plan.volumes {
        group.addTask {
          let name = volume.name ?? ""
          let made = try await self.answered("volume \(name)") {
            try await engine.createVolume(volume)
          }
          // Docker answers with the volume of that name where there is one already.
          guard made.labels[PodLabel.run] == self.request.run else {
            throw LaunchFailure(
              description: "there is a volume \(name) already, and it isn't the pod's")
          }
          await self.note { $0.volumes.append(made.name) }
        }
      }
      for network in plan.externalNetworks {
        group.addTask {
          try await Self.found("network", network) { _ = try await engine.inspectNetwork($0) }
        }
      }
      for volume in plan.externalVolumes {
        group.addTask {
          try await Self.found("volume", volume) { _ = try await engine.inspectVolume($0) }
        }
      }
      try await group.waitForAll()
    }
  }

  private func note(_ change: (inout PodCleanup.Objects) -> Void) { change(&created) }

  /// Creates something to the end, and remembers when it isn't known whether it came to be.
  private func answered<Value: Sendable>(
    _ what: String, _ step: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    do {
      return try await uncancelled(step)
    } catch let error as EngineError {
      noteUnanswered(error)
      throw LaunchFailure(description: "\(what) can't be created: \(error.message)")
    }
  }

  func noteUnanswered(_ error: EngineError) {
    switch error.kind {
    case .timedOut, .unreachable: mayGrow = true
    default: break
    }
  }

  private static func found(
    _ kind: String, _ name: Located<String>, _ look: (String) async throws -> Void
  ) async throws {
    do {
      try await look(name.value)
    } catch let error as EngineError where error.isNotFound {
      throw ComposeError(
        "external \(kind) '\(name.value)' doesn't exist: create it, or drop `external`",
        at: name.position)
    }
  }

  private func bringUp(
    _ container: ContainerPlan, images: [String: ProvidedImage]
  ) async throws {
    let name = container.key
    let service = container.service
    guard let image = images[service.name] else {
      throw LaunchFailure(description: "service '\(name)' has no image")
    }
    for reference in container.references {
      await until { self.verdict != nil || self.members[reference.key]?.container != nil }
    }
    try Task.checkCancellation()
    try await create(container, image: image)
    for (other, dependency) in container.dependencies {
      for member in members.values.filter({ $0.plan.service.name == other }) {
        try await waitFor(member.name, dependency, of: name)
      }
    }
    try Task.checkCancellation()
    if !service.preStart.isEmpty {
      // Once for all containers of the service.
      if container.number == 1 {
        try await runPreStart(of: container, images: images)
        preStarted.insert(service.name)
        changes.ring()
      }
      await until { self.verdict != nil || self.preStarted.contains(service.name) }
    }
    update(name) { $0.isInHooks = !service.postStart.isEmpty }
    try await start(name)
    try await runPostStart(name)
  }

  private func create(_ container: ContainerPlan, image: ProvidedImage) async throws {
    let name = container.key
    let engine = engine
    let ids = members.compactMapValues(\.container)
    let body = container.resolved(image: image.reference, ids: ids)
    do {
      let platform = container.service.isolation.platform
      let (id, warnings) = try await uncancelled {
        do {
          return try await engine.createContainer(name: container.name, platform: platform, body)
        } catch let error as EngineError where error.isConflict {
          return try await engine.createContainer(
            name: container.nameIfTaken, platform: platform, body)
        }
      }
      warn(warnings, of: name)
      let capacity = LogCapacity.bytes(of: container.create.hostConfig?.logConfig)
      let forwarder = ContainerOutput(
        engine: engine, container: id, service: container.label,
        index: members[name]?.index ?? 0, isTerminal: container.service.tty,
        isShown: container.service.isAttached, output: output, logCapacity: capacity, log: log,
        onBreak: { [weak self] in await self?.outputEnded(of: name) })
      update(name) { member in
        member.container = id
        member.phase = .created
        member.output = forwarder
        member.stopSignal = container.service.stopSignal ?? image.stopSignal
        member.health = container.hasHealthcheck(imageHas: image.hasHealthcheck) ? .starting : .none
      }
      if let files = container.copiedFiles() {
        try await uncancelled { try await engine.putArchive(id, at: "/", files) }
      }
      // Done here, it costs nothing while the container waits for others to start.
      try await forwarder.attach()
      for (network, settings) in container.resolvedConnections(ids: ids) {
        let warnings = try await uncancelled {
          try await engine.connectNetwork(network, container: id, settings)
        }
        warn(warnings, of: name)
      }
    } catch let error as EngineError {
      noteUnanswered(error)
      throw container.explain(error, doing: "created")
    }
  }

  private func waitFor(
    _ service: String, _ dependency: Dependency, of name: String
  ) async throws {
    guard let other = members[service] else { return }
    switch dependency.condition {
    case .started:
      await until { self.verdict != nil || self.members[service]?.hasComeUp == true }
    case .healthy:
      await until {
        guard self.verdict == nil, let member = self.members[service] else { return true }
        if case .ended = member.phase { return true }
        return member.hasComeUp && (member.health == .healthy || member.health == .none)
      }
      guard verdict == nil, let member = members[service] else { break }
      if member.health == .none {
        throw ComposeError(
          "'\(name)' waits for '\(service)' to be healthy, but that has no healthcheck",
          at: dependency.position)
      }
      if member.health != .healthy {
        throw ComposeError(
          "'\(name)' waits for '\(service)' to be healthy, but that has ended",
          at: dependency.position)
      }
    case .completedSuccessfully:
      await until {
        if case .ended? = self.members[service]?.phase { return true }
        return self.verdict != nil
      }
      if case .ended(let code)? = members[service]?.phase, code != 0 {
        throw ComposeError(
          "'\(name)' waits for '\(other.name)' to complete, but that ended with \(code)",
          at: dependency.position)
      }
    }
    try Task.checkCancellation()
  }

  /// Starts a created or ended container, listening to its output before.
  func start(_ name: String) async throws {
    guard let member = members[name], let id = member.container, verdict == nil else { return }
    let engine = engine
    do {
      try await member.output?.attach()
      update(name) { member in
        member.phase = .starting
        member.endedWhileStarting = false
        if member.health != .none { member.health = .starting }
      }
      try await uncancelled { try await engine.startContainer(id) }
    } catch let error as EngineError {
      noteUnanswered(error)
      // Refused: it doesn't run, and the end need not wait for it to stop.
      if case .status = error.kind { update(name) { $0.phase = .created } }
      throw member.plan.explain(error, doing: "started")
    }
    var hasEnded = false
    update(name) { member in
      member.startedAt = .now
      hasEnded = member.endedWhileStarting
      if member.phase == .starting { member.phase = .running }
      // Asked for now, it is there when the last one is up.
      if member.plan.hasAddresses {
        member.details = Task { try? await engine.inspectContainer(id) }
      }
    }
    if hasEnded { examineEnd(of: name) }
  }

  private func addresses(of plan: PodPlan) async -> PodAddresses {
    var result = PodAddresses(addresses: [], ports: [])
    for container in plan.containers {
      guard let details = await members[container.key]?.details?.value else { continue }
      let network = details.networkSettings
      for endpoint in network.networks.values
      where !endpoint.ipAddress.isEmpty && !result.addresses.contains(endpoint.ipAddress) {
        result.addresses.append(endpoint.ipAddress)
      }
      for port in container.ports {
        let bound = network.ports["\(port.port.target)/\(port.port.transport)"]
        let host = (bound ?? nil)?.first?.hostPort ?? port.hostPort
        guard let hostPort = Int(host) else { continue }
        result.ports.append(
          PodAddresses.Mapping(
            service: container.service.name, containerPort: port.port.target, hostPort: hostPort,
            transport: port.port.transport))
      }
    }
    return result
  }
}

extension Member {
  /// True once nothing more is waited for before the pod counts as running.
  var isUp: Bool {
    guard hasComeUp else { return false }
    if case .ended = phase { return true }
    return health == .none || health == .healthy
  }
}
