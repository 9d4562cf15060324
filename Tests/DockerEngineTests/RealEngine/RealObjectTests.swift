import DockerEngine
import Testing

@Suite("A real engine's networks, volumes, images and events", .timeLimit(.minutes(6)))
struct RealObjectTests {
  private func name() -> String { "det-\(UInt32.random(in: 0...UInt32.max))" }

  @Test("a network is created, inspected, connected, disconnected and removed")
  func networks() async throws {
    let real = try await RealEngine.ready()
    let engine = real.engine
    let name = name()
    let label = RealEngine.label().split(separator: "=").map(String.init)
    let id = try await engine.createNetwork(
      NetworkCreate(
        name: name, driver: "bridge", internal: true,
        ipam: IPAM(config: [IPAMPool(subnet: "10.213.77.0/24")]), labels: [label[0]: label[1]]))
    do {
      let twice = try await refusal {
        _ = try await engine.createNetwork(NetworkCreate(name: name))
      }
      #expect(twice?.isConflict == true)
      try await real.withContainer(
        "sleep 60",
        change: { body in
          body.hostConfig?.networkMode = name
          body.networkingConfig = NetworkingConfig(endpointsConfig: [
            name: EndpointSettings(
              aliases: ["web"], ipamConfig: EndpointIPAM(ipv4Address: "10.213.77.9"))
          ])
        }
      ) { container in
        try await engine.startContainer(container)
        let settings = try await engine.inspectContainer(container).networkSettings
        #expect(settings.networks[name]?.ipAddress == "10.213.77.9")
        #expect(settings.networks[name]?.networkID == id)
        func aliases() async throws -> [String]? {
          try await real.inspect("/containers/\(container)/json", as: RealContainer.self)
            .NetworkSettings.Networks[name]?.Aliases
        }
        #expect(try await aliases()?.contains("web") == true)
        let network = try await engine.inspectNetwork(name)
        #expect(network.`internal`)
        let json = try await real.inspect("/networks/\(name)", as: RealNetwork.self)
        #expect(json.IPAM.Config.first?.Subnet == "10.213.77.0/24")
        #expect(json.Containers[container]?.IPv4Address == "10.213.77.9/24")
        let busy = try await refusal { try await engine.removeNetwork(id) }
        #expect(busy?.kind == .status(403), "\(String(describing: busy))")
        try await engine.disconnectNetwork(id, container: container, force: false)
        try await engine.connectNetwork(
          id, container: container, EndpointSettings(aliases: ["again"]))
        #expect(try await aliases()?.contains("again") == true)
      }
      let listed = try await engine.listNetworks(filters: ["label": ["\(label[0])=\(label[1])"]])
      #expect(listed.map(\.id) == [id])
    } catch {
      try? await engine.removeNetwork(id)
      throw error
    }
    try await engine.removeNetwork(id)
    #expect(try await refusal { _ = try await engine.inspectNetwork(id) }?.isNotFound == true)
  }

  @Test("a volume is created, inspected, and removed when no container uses it")
  func volumes() async throws {
    let real = try await RealEngine.ready()
    let engine = real.engine
    let name = name()
    let volume = try await engine.createVolume(VolumeCreate(name: name, labels: [name: "1"]))
    #expect(volume.name == name && volume.driver == "local")
    #expect(try await engine.inspectVolume(name).labels == [name: "1"])
    #expect(try await engine.listVolumes(filters: ["label": [name]]).map(\.name) == [name])
    #expect(try await engine.listVolumes(filters: ["label": [name + "x"]]).isEmpty)
    try await real.withContainer(
      "true", change: { $0.hostConfig?.binds = ["\(name):/data:ro"] }
    ) { id in
      let mounts = try await engine.inspectContainer(id).mounts
      #expect(mounts.contains { $0.name == name && $0.destination == "/data" && !$0.rw })
      #expect(
        try await refusal { try await engine.removeVolume(name, force: false) }?.isConflict == true)
    }
    try await engine.removeVolume(name, force: false)
    #expect(try await refusal { _ = try await engine.inspectVolume(name) }?.isNotFound == true)
  }

  @Test("an image is found by its name, and the pull of a missing one fails")
  func images() async throws {
    let real = try await RealEngine.ready()
    let engine = real.engine
    let image = try await engine.inspectImage(RealEngine.image)
    #expect(image.id.hasPrefix("sha256:"))
    #expect(image.repoTags.contains(RealEngine.image))
    #expect(
      try await refusal { _ = try await engine.inspectImage("no/such:image") }?.isNotFound == true)
    #expect(
      try await refusal { try await engine.removeImage("no/such:image", force: false) }?.isNotFound
        == true)
    let error = try await refusal {
      for try await _ in try await engine.pullImage("127.0.0.1:1/no/such:image") {}
    }
    #expect(error?.kind == .status(500), "\(String(describing: error))")
    #expect(error?.message.contains("connection refused") == true, "\(String(describing: error))")
  }

  @Test("a container's events have its labels and exit code")
  func events() async throws {
    let real = try await RealEngine.ready()
    let label = RealEngine.label()
    let parts = label.split(separator: "=").map(String.init)
    let events = try await real.engine.events(filters: ["type": ["container"], "label": [label]])
    let seen = Task {
      var seen: [EngineEvent] = []
      for try await event in events {
        seen.append(event)
        if event.action == "destroy" { break }
      }
      return seen
    }
    try await real.withContainer("exit 4", change: { $0.labels = [parts[0]: parts[1]] }) { id in
      try await real.engine.startContainer(id)
      #expect(try await real.engine.waitContainer(id) == 4)
    }
    let actions = try await seen.value
    #expect(actions.map(\.action) == ["create", "start", "die", "destroy"])
    #expect(actions.allSatisfy { $0.attributes[parts[0]] == parts[1] })
    #expect(actions.first { $0.action == "die" }?.attributes["exitCode"] == "4")
    #expect(actions.allSatisfy { $0.timeNano > 1_600_000_000_000_000_000 })
  }

  @Test("no event is lost between the engine's response and its subscription")
  func firstEvent() async throws {
    let real = try await RealEngine.ready()
    for _ in 0..<40 {
      let name = name()
      let events = try await real.engine.events(
        filters: ["type": ["volume"], "volume": [name], "event": ["create"]])
      _ = try await real.engine.createVolume(VolumeCreate(name: name))
      let first = Task {
        var events = events.makeAsyncIterator()
        return try await events.next()
      }
      let deadline = Task {
        try await Task.sleep(for: .seconds(120))
        first.cancel()
      }
      #expect(try await first.value?.actorID == name)
      deadline.cancel()
      try await real.engine.removeVolume(name, force: false)
    }
  }

  @Test("events end at the given time")
  func until() async throws {
    let real = try await RealEngine.ready()
    var count = 0
    for try await _ in try await real.engine.events(since: "1", until: "2") { count += 1 }
    #expect(count == 0)
  }
}
