import DockerEngine
import Glibc
import HTTPClient

/// The engine that `make test` starts for the tests, at TEST_DOCKER_HOST, with a small image.
struct RealEngine: Sendable {
  static let image = "docker-engine-tests:busybox"
  let engine: DockerEngine
  private let socket: String

  /// Returns the engine after it has imported the image.
  static func ready() async throws -> RealEngine {
    guard let host = getenv("TEST_DOCKER_HOST").map({ String(cString: $0) }),
      host.hasPrefix("unix:///")
    else {
      throw Missing(description: "TEST_DOCKER_HOST must be unix:///…, a private engine's socket")
    }
    let endpoint = try EngineEndpoint.from(environment: ["DOCKER_HOST": host])
    let real = RealEngine(
      engine: DockerEngine(endpoint: endpoint), socket: String(host.dropFirst(7)))
    try await importing.run { try await real.importImage() }
    return real
  }

  struct Missing: Error, CustomStringConvertible {
    let description: String
  }

  /// A label for one test.
  static func label() -> String { "docker-engine-tests=\(UInt64.random(in: 0...UInt64.max))" }

  /// Creates a container that runs a shell command. `change` changes its configuration. The
  /// container is removed after `body`.
  func withContainer<T>(
    _ command: String, tty: Bool = false, change: (inout ContainerCreate) -> Void = { _ in },
    body: (String) async throws -> T
  ) async throws -> T {
    var create = ContainerCreate(image: Self.image)
    create.cmd = ["/bin/sh", "-c", command]
    create.tty = tty
    var host = HostConfig()
    host.networkMode = "none"
    create.hostConfig = host
    change(&create)
    let id = try await engine.createContainer(name: nil, create).id
    do {
      let result = try await body(id)
      try await engine.removeContainer(id, force: true, volumes: true)
      return result
    } catch {
      try? await engine.removeContainer(id, force: true, volumes: true)
      throw error
    }
  }

  private static let importing = Once()

  private func importImage() async throws {
    do {
      _ = try await engine.inspectImage(Self.image)
      return
    } catch let error as EngineError where error.isNotFound {}
    var tar = TarArchive()
    tar.add(try bytes(of: "/bin/busybox"), at: "bin/busybox")
    for name in ["sh", "cat", "echo", "sleep", "true", "yes", "seq", "head", "kill", "dd"] {
      tar.add(link: "bin/\(name)", to: "busybox")
    }
    let response = try await HTTPClient().send(
      HTTPRequest(
        endpoint: HTTPEndpoint(transport: .unix(path: socket)), method: "POST",
        path: "/images/create",
        query: [("fromSrc", "-"), ("repo", "docker-engine-tests"), ("tag", "busybox")],
        headers: [("Content-Type", "application/x-tar")], body: tar.finished()))
    guard response.head.status == 200 else {
      throw Missing(description: String(decoding: response.body, as: UTF8.self))
    }
  }

  private func bytes(of path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY)
    guard file >= 0 else {
      throw Missing(description: "\(path) is missing: install busybox-static")
    }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(file, &buffer, buffer.count)
      guard count > 0 else { return bytes }
      bytes += buffer[..<count]
    }
  }
}

/// Runs a function once, however many tasks call it at the same time.
actor Once {
  private var task: Task<Void, any Error>?

  func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let task = self.task ?? Task { try await body() }
    self.task = task
    try await task.value
  }
}

extension OutputFrames {
  /// Reads both outputs to their end.
  func texts() async throws -> (stdout: String, stderr: String) {
    var out: [UInt8] = []
    var err: [UInt8] = []
    for try await frame in self {
      if frame.stream == .stdout { out += frame.bytes } else { err += frame.bytes }
    }
    return (String(decoding: out, as: UTF8.self), String(decoding: err, as: UTF8.self))
  }
}

/// The error of an engine's call. Nil if the call succeeds.
func refusal(_ body: () async throws -> Void) async throws -> EngineError? {
  do {
    try await body()
    return nil
  } catch let error as EngineError { return error }
}
