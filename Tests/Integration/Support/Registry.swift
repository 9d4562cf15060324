import Foundation
import Synchronization
import TestSupport

/// A registry on the loopback interface: Debian's own program, with its images in a directory of
/// the test.
final class Registry: Sendable {
  /// Its address, the first part of its images' names.
  let address: String
  private let isPrivate: Bool
  private let configuration: String
  private let process = Mutex<RunningCommand?>(nil)

  /// The permitted user, if access is restricted.
  static let user = "someone"
  /// The password.
  static let password = "secret"
  private static let hash = "$2b$04$u6MqiRabuvmfqxlUtLHzWuE.Eyh.nFjdkAh1T4cVG67y8AXm5qW3C"

  /// A `config.json` with the password.
  var credentials: String {
    let word = Data("\(Self.user):\(Self.password)".utf8).base64EncodedString()
    return #"{"auths": {"\#(address)": {"auth": "\#(word)"}}}"#
  }

  /// Pushes an image there, and removes it from the engine.
  ///
  /// - Returns: its name.
  func image(on engine: TestEngine) async throws -> String {
    try await withTemporaryDirectory { directory in
      try directory.write("config.json", credentials)
      let image = "\(address)/it/busybox:\(UUID().uuidString.prefix(8).lowercased())"
      try await engine.docker("tag", "pod-test/busybox", image).output()
      try await engine.docker("--config", directory.path, "push", "--quiet", image).output()
      try await engine.docker("rmi", image).output()
      return image
    }
  }

  /// Calls `body` with a registry, which requires the password if it is private.
  static func lend(isPrivate: Bool = false, _ body: (Registry) async throws -> Void) async throws {
    try await withTemporaryDirectory { directory in
      let port = try FreePorts.take(1)[0]
      try directory.write("users", "\(user):\(hash)\n")
      let access =
        isPrivate ? "auth: {htpasswd: {realm: tests, path: \(directory.path("users"))}}" : ""
      try directory.write(
        "config.yml",
        """
        version: 0.1
        log: {level: error}
        storage:
          filesystem: {rootdirectory: \(directory.path("data"))}
        http: {addr: "127.0.0.1:\(port)"}
        \(access)
        """)
      let registry = Registry(
        address: "127.0.0.1:\(port)", isPrivate: isPrivate,
        configuration: directory.path("config.yml")
      )
      try await registry.start()
      defer { registry.process.withLock { _ = $0?.send(SIGKILL) } }
      try await body(registry)
    }
  }

  private init(address: String, isPrivate: Bool, configuration: String) {
    self.address = address
    self.isPrivate = isPrivate
    self.configuration = configuration
  }

  /// Starts it (again) and waits until it responds.
  func start() async throws {
    let command = try Command("docker-registry", ["serve", configuration]).start()
    process.withLock { $0 = command }
    try await eventually("a registry", within: .seconds(300)) {
      let code = try await Command(
        "curl",
        [
          "-s", "--noproxy", "*", "-o", "/dev/null", "-w", "%{http_code}",
          "http://\(address)/v2/",
        ]
      ).run()
      return code.stdout == (isPrivate ? "401" : "200")
    }
  }

  /// Stops it from responding; its connections are kept open.
  func pause() { process.withLock { _ = $0?.send(SIGSTOP) } }

  /// Lets it respond again.
  func resume() { process.withLock { _ = $0?.send(SIGCONT) } }

  /// Stops it; its images are kept.
  func stop() async throws {
    let running = process.withLock { $0 }
    running?.send(SIGKILL)
    try await running?.exit(within: .seconds(300))
  }
}
