import DockerEngine
import Synchronization
import TestSupport
import Testing

@Suite("A real engine's containers", .timeLimit(.minutes(6)))
struct RealContainerTests {
  @Test("the engine reports its version and its host")
  func info() async throws {
    let real = try await RealEngine.ready()
    let ping = try await real.engine.ping()
    #expect(ping.apiVersion == min(ping.engineAPIVersion, .newest))
    #expect(ping.osType == "linux")
    let info = try await real.engine.info()
    #expect(!info.id.isEmpty)
    #expect(["1", "2"].contains(info.cgroupVersion))
    #expect(info.ncpu > 0 && info.memTotal > 0)
    #expect(info.dockerRootDir.hasPrefix("/"))
  }

  @Test("output is complete after an attach before the start, and the exit code is reported")
  func attach() async throws {
    let real = try await RealEngine.ready()
    try await real.withContainer("echo out; echo err >&2; exit 3") { id in
      let output = try await real.engine.attach(id, tty: false)
      try await real.engine.startContainer(id)
      async let code = real.engine.waitContainer(id)
      let texts = try await output.texts()
      #expect(texts == ("out\n", "err\n"))
      #expect(try await code == 3)
      let details = try await real.engine.inspectContainer(id)
      #expect(details.state.status == "exited")
      #expect(details.state.exitCode == 3)
      #expect(details.hostConfig.networkMode == "none")
      try await real.engine.startContainer(id)
    }
  }

  @Test("a container with a terminal writes one raw stream")
  func tty() async throws {
    let real = try await RealEngine.ready()
    try await real.withContainer("echo out; echo err >&2", tty: true) { id in
      let output = try await real.engine.attach(id, tty: true)
      try await real.engine.startContainer(id)
      #expect(try await output.texts() == ("out\r\nerr\r\n", ""))
      let logs = try await real.engine.logs(id, tty: true, follow: true, timestamps: false)
      #expect(try await logs.texts().stdout == "out\r\nerr\r\n")
    }
  }

  @Test("logs separate the two outputs, with a timestamp at the start of each frame")
  func logs() async throws {
    let real = try await RealEngine.ready()
    try await real.withContainer("for i in 1 2 3; do echo $i; echo e$i >&2; done") { id in
      try await real.engine.startContainer(id)
      let followed = try await real.engine.logs(id, tty: false, follow: true, timestamps: false)
      #expect(try await followed.texts() == ("1\n2\n3\n", "e1\ne2\ne3\n"))
      let last = try await real.engine.logs(
        id, tty: false, follow: false, timestamps: false, tail: "1")
      let texts = try await last.texts()
      #expect(texts.stdout + texts.stderr == "e3\n" || texts.stdout + texts.stderr == "3\n")
      let stamped = try await real.engine.logs(id, tty: false, follow: false, timestamps: true)
      var lines = 0
      for try await frame in stamped where frame.isStart {
        lines += 1
        #expect(frame.bytes.prefix(2) == Array("20".utf8)[...])
      }
      #expect(lines == 6)
    }
  }

  @Test("a running container is stopped or killed, and an exited one is left alone")
  func stopping() async throws {
    let real = try await RealEngine.ready()
    try await real.withContainer(
      "trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done"
    ) { id in
      try await real.engine.startContainer(id)
      try await real.engine.startContainer(id)
      try await eventually("the trap") {
        let logs = try await real.engine.logs(id, tty: false, follow: false, timestamps: false)
        return try await logs.texts().stdout == "ready\n"
      }
      async let code = real.engine.waitContainer(id)
      try await real.engine.stopContainer(id, timeout: 120)
      #expect(try await code == 7)
      try await real.engine.stopContainer(id, timeout: nil)
      let error = try await refusal { try await real.engine.killContainer(id, signal: "KILL") }
      #expect(error?.isConflict == true, "\(String(describing: error))")
    }
    try await real.withContainer("trap '' TERM; while :; do sleep 0.1; done") { id in
      let hasReturned = Mutex(false)
      let code = Task {
        defer { hasReturned.withLock { $0 = true } }
        return try await real.engine.waitContainer(id, condition: "next-exit")
      }
      defer { code.cancel() }
      // A wait that reaches the engine after a kill waits for the next one.
      try await eventually("the end of the wait", every: .seconds(1)) {
        if hasReturned.withLock({ $0 }) { return true }
        // An engine that is still handling the last kill can refuse both.
        _ = try await refusal {
          try await real.engine.startContainer(id)
          try await real.engine.killContainer(id, signal: "SIGKILL")
        }
        return false
      }
      #expect(try await code.value == 137)
    }
  }

  @Test("containers are listed by label and status")
  func list() async throws {
    let real = try await RealEngine.ready()
    let label = RealEngine.label()
    let parts = label.split(separator: "=").map(String.init)
    try await real.withContainer("true", change: { $0.labels = [parts[0]: parts[1]] }) { id in
      let filters = ["label": [label]]
      #expect(try await real.engine.listContainers(all: false, filters: filters).isEmpty)
      let all = try await real.engine.listContainers(all: true, filters: filters)
      #expect(all.map(\.id) == [id])
      #expect(all.first?.labels[parts[0]] == parts[1])
      #expect(all.first?.state == "created")
      let exited = ["label": [label], "status": ["exited"]]
      #expect(try await real.engine.listContainers(all: true, filters: exited).isEmpty)
    }
    #expect(try await real.engine.listContainers(all: true, filters: ["label": [label]]).isEmpty)
  }

  @Test("the settings at creation are in the inspection")
  func configuration() async throws {
    let real = try await RealEngine.ready()
    try await real.withContainer(
      "sleep 60",
      change: { body in
        body.hostname = "here"
        body.env = ["A=b c"]
        body.exposedPorts = ["80/tcp"]
        body.stopTimeout = 3
        body.healthcheck = Healthcheck(
          test: ["CMD", "/bin/true"], interval: 1_000_000_000, retries: 2)
        body.volumes = ["/data"]
        body.hostConfig?.memory = 32 << 20
        body.hostConfig?.nanoCpus = 500_000_000
        body.hostConfig?.cgroupParent = "/docker"
        body.hostConfig?.restartPolicy = RestartPolicy(name: "on-failure", maximumRetryCount: 2)
        body.hostConfig?.logConfig = LogConfig(
          type: "json-file", config: ["max-size": "1m", "max-file": "2"])
        body.hostConfig?.mounts = [
          Mount(type: "tmpfs", target: "/t", tmpfsOptions: Mount.TmpfsOptions(sizeBytes: 1 << 20))
        ]
        body.hostConfig?.ulimits = [Ulimit(name: "nofile", soft: 64, hard: 128)]
        body.hostConfig?.`init` = false
        body.hostConfig?.extraHosts = ["a:10.0.0.1"]
        body.hostConfig?.capDrop = ["NET_RAW"]
      }
    ) { id in
      try await real.engine.startContainer(id)
      let found = try await real.engine.inspectContainer(id)
      let json = try await real.inspect("/containers/\(id)/json", as: RealContainer.self)
      #expect(found.config.hostname == "here")
      #expect(json.Config.Env?.contains("A=b c") == true)
      #expect(found.config.exposedPorts == ["80/tcp"])
      #expect(found.config.stopTimeout == 3)
      #expect(found.config.healthcheck?.retries == 2)
      #expect(json.HostConfig.Memory == 32 << 20)
      #expect(json.HostConfig.NanoCpus == 500_000_000)
      #expect(found.hostConfig.cgroupParent == "/docker")
      #expect(found.hostConfig.restartPolicy?.maximumRetryCount == 2)
      #expect(json.HostConfig.LogConfig.Config["max-file"] == "2")
      #expect(json.HostConfig.ExtraHosts == ["a:10.0.0.1"])
      #expect(json.HostConfig.CapDrop?.contains { $0.hasSuffix("NET_RAW") } == true)
      #expect(found.mounts.contains { $0.destination == "/data" && $0.type == "volume" })
      #expect(found.state.running && json.State.Pid > 0)
      #expect(found.state.health != nil)
      try await eventually("a healthy container") {
        try await real.engine.inspectContainer(id).state.health?.status == "healthy"
      }
      try await real.engine.killContainer(id, signal: "KILL")
    }
  }

  @Test("a refusal has the engine's own text")
  func refusals() async throws {
    let real = try await RealEngine.ready()
    let missing = try await refusal { _ = try await real.engine.inspectContainer("nobody") }
    #expect(
      missing.map { "\($0)" }
        == "Docker Engine: GET /containers/nobody/json: No such container: nobody (404)")
    let noImage = try await refusal {
      _ = try await real.engine.createContainer(name: nil, ContainerCreate(image: "nothing:here"))
    }
    #expect(noImage?.isNotFound == true)
    #expect(noImage?.message.contains("nothing:here") == true)
    try await real.withContainer("true") { id in
      let name = try await real.engine.inspectContainer(id).name.dropFirst()
      var second = ContainerCreate(image: RealEngine.image)
      second.cmd = ["/bin/true"]
      let body = second
      let taken = try await refusal {
        _ = try await real.engine.createContainer(name: String(name), body)
      }
      #expect(taken?.isConflict == true)
      #expect(taken?.message.contains("already in use") == true)
    }
    let attach = try await refusal { _ = try await real.engine.attach("nobody", tty: false) }
    #expect(attach?.isNotFound == true)
  }

  @Test("a container whose output nobody reads blocks, and its output is complete when read")
  func backpressure() async throws {
    let real = try await RealEngine.ready()
    let size = 20_000_000
    try await real.withContainer("yes 0123456789 | head -c \(size)") { id in
      let output = try await real.engine.attach(id, tty: false)
      try await real.engine.startContainer(id)
      try await eventually("a full buffer") { output.bufferedByteCount >= 1 << 20 }
      try await Task.sleep(for: .milliseconds(200))
      #expect(output.bufferedByteCount <= (1 << 20) + (256 << 10))
      var count = 0
      for try await frame in output { count += frame.bytes.count }
      #expect(count == size)
    }
  }

  @Test("a wait is canceled with its task")
  func cancelledWait() async throws {
    let real = try await RealEngine.ready()
    try await real.withContainer("sleep 60") { id in
      try await real.engine.startContainer(id)
      let wait = Task { try await real.engine.waitContainer(id) }
      try await Task.sleep(for: .milliseconds(200))
      wait.cancel()
      await #expect(throws: CancellationError.self) { try await wait.value }
    }
  }
}
