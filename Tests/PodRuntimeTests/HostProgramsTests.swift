import Compose
import DockerEngine
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing
import YAML

@testable import PodRuntime

@Suite("Programs of the host")
struct HostProgramsTests {
  /// Creates a program with a script.
  private func program(_ name: String, in directory: TemporaryDirectory, _ script: String)
    async throws
  {
    try await directory.program(name, "#!/bin/sh\n\(script)\n")
  }

  private func hooks() -> PodPolicy {
    var policy = PodPolicy.strict
    policy[.hooks] = .everything
    return policy
  }

  @Test("get no values of the task under a policy that restricts programs")
  func environment() throws {
    let all = [
      "PATH": "/sandbox/bin", "LD_PRELOAD": "/sandbox/x.so", "LD_LIBRARY_PATH": "/sandbox",
      "HOME": "/sandbox",
      "BASH_ENV": "/sandbox/x", "DOCKER_CONFIG": "/sandbox/.docker",
      "DOCKER_HOST": "unix:///run/docker.sock",
      "MESOS_TASK_ID": "t", "WORD": "w", "GODEBUG": "x", "HTTPS_PROXY": "http://x",
      "BUILDX_CONFIG": "/sandbox",
    ]
    let free = HostPrograms(policy: .unrestricted, path: nil, taskDirectories: ["/sandbox"])
    #expect(free.environment(all) == all)
    #expect(free.find("docker") == "docker")
    let bound = HostPrograms(
      policy: hooks(), path: ["/opt/bin", "/bin"], taskDirectories: ["/sandbox"])
    #expect(
      bound.environment(all, named: ["WORD", "LD_PRELOAD", "PATH", "HTTPS_PROXY"]) == [
        "PATH": "/opt/bin:/bin", "DOCKER_HOST": "unix:///run/docker.sock", "MESOS_TASK_ID": "t",
        "WORD": "w", "BUILDX_GIT_INFO": "0", "BUILDX_GIT_LABELS": "0", "GIT_NO_LAZY_FETCH": "1",
      ])
    #expect(bound.find("sh") == "/bin/sh")
    #expect(bound.find("../bin/sh") == nil && bound.find("no-such-program") == nil)
  }

  @Test("get a DOCKER_CONFIG under a policy only if it is the operator's")
  func dockerConfig() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("sandbox/.docker/config.json", "{}")
      try directory.write("own/config.json", "{}")
      try FileManager.default.createSymbolicLink(
        atPath: directory.path("link"), withDestinationPath: directory.path("sandbox/.docker"))
      let programs = HostPrograms(
        policy: .strict, path: nil, taskDirectories: [directory.path("sandbox")])
      func isGiven(_ location: String) -> Bool {
        programs.environment(["DOCKER_CONFIG": location])["DOCKER_CONFIG"] != nil
      }
      #expect(isGiven(directory.path("own")))
      #expect(!isGiven(directory.path("sandbox/.docker")) && !isGiven(directory.path("link")))
      #expect(!isGiven(directory.path("missing")) && !isGiven("own"))
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o777], ofItemAtPath: directory.path("own"))
      #expect(!isGiven(directory.path("own")))
    }
  }

  /// The credentials from a helper that the configuration of the sandbox or of HOME names.
  private func credentials(
    of location: String, policy: PodPolicy, operators: Bool
  ) async throws -> (user: String?, warnings: [String]) {
    try await withTemporaryDirectory { directory in
      let response = #"read -r s; echo "{\"Username\": \"WHO$LD_WORD\", \"Secret\": \"s\"}""#
      try await program(
        "sandbox/bin/docker-credential-test", in: directory,
        response.replacing("WHO", with: "task"))
      try await program(
        "own/docker-credential-test", in: directory, response.replacing("WHO", with: "operator"))
      try directory.write(location + "/config.json", #"{"credsStore": "test"}"#)
      let log = Recorded()
      let found = await CredentialStore(
        projectDirectory: directory.path("sandbox"),
        environment: [
          "PATH": directory.path("sandbox/bin") + ":/bin", "HOME": directory.path("home"),
          "LD_WORD": "!",
        ],
        policy: policy, programPath: operators ? [directory.path("own")] : nil,
        log: log.logger
      ).credentials(for: "example.org/x")
      return (found?.username, log.lines)
    }
  }

  @Test("include credential helpers of the task's configuration only if the policy has hooks")
  func helpers() async throws {
    let free = try await credentials(of: "sandbox/.docker", policy: .unrestricted, operators: false)
    #expect(free.user == "task!")
    let refused = try await credentials(of: "sandbox/.docker", policy: .strict, operators: true)
    #expect(refused.user == nil)
    #expect(refused.warnings.contains { $0.contains("allow: hooks") }, "\(refused.warnings)")
    #expect(
      try await credentials(of: "sandbox/.docker", policy: hooks(), operators: true).user
        == "operator")
    // HOME's configuration names a helper as before, and the operator's directories contain it.
    #expect(
      try await credentials(of: "home/.docker", policy: .strict, operators: true).user == "operator"
    )
    #expect(
      try await credentials(of: "home/.docker", policy: .strict, operators: false).user == nil)
  }

  @Test("don't get a configuration in the sandbox that is a link to the outside")
  func links() async throws {
    try await withTemporaryDirectory { directory in
      let text =
        #"{"auths": {"example.org": {"username": "u", "password": "p"}}, "proxies": {"default": {"httpProxy": "http://p"}}}"#
      try directory.write("outside/config.json", text)
      try directory.write("inside/sandbox/other.json", text)
      let sandbox = directory.path("inside/sandbox")
      let docker = sandbox + "/.docker"
      func look() async throws -> (user: String?, proxy: Bool, warnings: [String]) {
        let log = Recorded()
        let user = await CredentialStore(
          projectDirectory: sandbox, environment: [:], log: log.logger
        ).credentials(for: "example.org/x")?.username
        var warnings = log.lines
        let proxies = DockerConfiguration(projectDirectory: sandbox, environment: [:]).proxies(
          of: .unix(path: "/run/docker.sock")
        ) { warnings.append($0) }
        return (user, !proxies.isEmpty, warnings)
      }
      let files = FileManager.default
      try files.createSymbolicLink(atPath: docker, withDestinationPath: directory.path("outside"))
      let directoryLink = try await look()
      #expect(directoryLink.user == nil && !directoryLink.proxy)
      #expect(directoryLink.warnings.filter { $0.contains("leads out") }.count == 2)
      try files.removeItem(atPath: docker)
      try files.createDirectory(atPath: docker, withIntermediateDirectories: false)
      try files.createSymbolicLink(
        atPath: docker + "/config.json", withDestinationPath: "../../../outside/config.json")
      let fileLink = try await look()
      #expect(fileLink.user == nil && !fileLink.proxy && fileLink.warnings.count == 2)
      try files.removeItem(atPath: docker + "/config.json")
      try files.createSymbolicLink(
        atPath: docker + "/config.json", withDestinationPath: "../other.json")
      let own = try await look()
      #expect(own.user == "u" && own.proxy && own.warnings.isEmpty, "\(own)")
    }
  }

  @Test("build with the operator's docker, which uses no plugins of the sandbox")
  func build() async throws {
    try await withTemporaryDirectory { directory in
      try await program("sandbox/bin/docker", in: directory, "echo sha256:task")
      try await program(
        "own/docker", in: directory,
        "echo \"sha256:${LD_WORD:-none},${DOCKER_CONFIG:-none},${SECRET:-none},$PATH\"")
      try directory.write("sandbox/.docker/cli-plugins/docker-buildx", "")
      let position = SourcePosition(file: "compose.yaml", line: 1, column: 1)
      var build = Build(position: position, context: directory.path("sandbox"))
      build.options = ["--secret", "id=s,env=SECRET"]
      func made(_ policy: PodPolicy, _ path: [String]?) async throws -> String {
        try await ImageBuild(
          environment: [
            "PATH": directory.path("sandbox/bin") + ":/bin", "LD_WORD": "x", "SECRET": "y",
            "DOCKER_CONFIG": directory.path("sandbox/.docker"),
          ], proxies: [:],
          programs: HostPrograms(
            policy: policy, path: path, taskDirectories: [directory.path("sandbox")])
        ).build(build, service: Service(name: "web", position: position), on: [:], tag: nil)
      }
      #expect(try await made(.unrestricted, nil) == "sha256:task")
      let own = directory.path("own")
      #expect(try await made(.strict, [own]) == "sha256:none,none,y,\(own)")
      let missing = await #expect(throws: DiagnosticError.self) {
        _ = try await made(.strict, [directory.path("sandbox")])
      }
      #expect("\(missing.map { "\($0)" } ?? "")".contains("no docker command in"))
    }
  }
}

/// Keeps the logged messages.
private final class Recorded: LogHandler, @unchecked Sendable {
  private let kept = Mutex<[String]>([])
  var lines: [String] { kept.withLock { $0 } }
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.debug
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }
  var logger: Logger { Logger(label: "test") { _ in self } }
  func log(event: LogEvent) {
    kept.withLock { $0.append("\(event.message)") }
  }
}
