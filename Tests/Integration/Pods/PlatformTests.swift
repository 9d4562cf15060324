import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("DOCKER_DEFAULT_PLATFORM", .needsEngine, .throttled)
struct PlatformTests {
  private static let file = """
    services:
      web: {image: a}
      own: {image: b, platform: linux/amd64}
      built: {image: c, build: {dockerfile_inline: "FROM scratch"}}
    """

  /// The platforms of the created containers, by service.
  private static func platforms(_ objects: CreatedObjects) -> [String: String] {
    objects.containers.mapValues { $0["Platform"]?.string ?? "" }
  }

  /// The variable, and its value in `.env`.
  static let choices: [(String?, String?)] = [
    ("linux/s390x", nil), (nil, "linux/arm64"), ("linux/s390x", "linux/arm64"), ("", "x"),
  ]

  @Test(
    "is the platform of services without their own, as in Docker Compose",
    arguments: choices)
  func created(variable: String?, dotenv: String?) async throws {
    var settings = PodSettings()
    settings.environment["DOCKER_DEFAULT_PLATFORM"] = variable
    if let dotenv { settings.files[".env"] = "DOCKER_DEFAULT_PLATFORM=\(dotenv)\n" }
    let found = settings
    try await Recorder.with { recorder in
      try await withTemporaryDirectory { directory in
        try directory.write("compose.yaml", Self.file)
        for (name, text) in found.files { try directory.write(name, text) }
        try await Oracle5.cli(
          "theirs", recorder.engine, ["create", "--no-build"], directory: directory.path,
          environment: found.environment
        ).output()
      }
      let theirs = Self.platforms(recorder.created(for: "theirs"))
      #expect(theirs.count == 3)
      try await withPod(on: recorder.engine, Self.file, found) { pod in
        try await pod.running()
        let name = try await pod.project()
        #expect(Self.platforms(recorder.created(for: name)) == theirs)
      }
    }
  }

  @Test("is the platform of pulled images, and build.platforms must include it")
  func pulled() async throws {
    let engine = try #require(TestEngine.all.first)
    let missing = "127.0.0.1:1/none"
    let variables = ["DOCKER_DEFAULT_PLATFORM": "linux/none/x/y"]
    let end = try await podEnd(
      on: engine, "services:\n  web: {image: '\(missing)'}\n", PodSettings(environment: variables))
    #expect(end.status == .exited(1))
    // The engine reads the platform before it sends a request to the registry.
    #expect(end.message.contains("linux/none/x/y"), "\(end)")

    let built = """
      services:
        web:
          image: a
          build: {context: ., platforms: [linux/amd64, linux/arm64]}
      """
    let other = PodSettings(environment: ["DOCKER_DEFAULT_PLATFORM": "linux/s390x"])
    let refused = try await podEnd(on: engine, built, other)
    #expect(refused.message.hasPrefix("compose.yaml:4:36: "), "\(refused)")
    #expect(refused.message.contains("DOCKER_DEFAULT_PLATFORM"), "\(refused)")
  }

  @Test("doesn't change the output of config")
  func config() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("compose.yaml", Self.file)
      func print(_ environment: [String: String]) async throws -> String {
        try await Command(
          BuiltProgram.composeExecutor, ["config"], environment: environment,
          directory: directory.path
        ).output()
      }
      let plain = try await print([:])
      #expect(try await print(["DOCKER_DEFAULT_PLATFORM": "linux/s390x"]) == plain)
    }
  }
}
