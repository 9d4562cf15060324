import TestSupport
import Testing

@Suite("Copied files and the engine's own mounts", .needsEngine, .throttled)
struct CopyPlaceTests {
  @Test(
    "a copy that the engine's mounts would hide is refused with its line",
    arguments: [
      "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/x", "/dev/shm/x", "/proc/x",
      "/sys/x",
      "/sbin/docker-init", "/xx", "/xx/below", "/etc/../proc/x",
    ], ["configs", "secrets"])
  func lost(target: String, kind: String) async throws {
    let file = """
      services:
        a:
          image: pod-test/busybox
          command: ["true"]
          init: true
          devices: ["/dev/null:/xx"]
          \(kind): [{source: c, target: "\(target)"}]
      \(kind): {c: {environment: TEXT}}

      """
    var settings = PodSettings()
    settings.environment["TEXT"] = "hi"
    let end = try await podEnd(on: try #require(TestEngine.all.first), file, settings)
    #expect(end.status == .exited(1), "\(end)")
    #expect(
      end.message.contains("compose.yaml:7:") && end.message.contains("mounted at"), "\(end)")
  }

  @Test("labels that the engine can't repeat in its events are refused with their line")
  func labels() async throws {
    let file = """
      services:
        a:
          image: pod-test/busybox
          labels:
            big: "\(String(repeating: "x", count: 1 << 20))"

      """
    let end = try await podEnd(on: try #require(TestEngine.all.first), file)
    #expect(end.status == .exited(1))
    #expect(end.message.contains("compose.yaml:5:"), "\(end.message)")
    #expect(end.message.contains("the maximum is 1048576"), "\(end.message)")
  }

  @Test(
    "credentials of the Compose file take precedence over use_api_socket",
    arguments: ["configs", "secrets"])
  func credentials(kind: String) async throws {
    let file = """
      services:
        a:
          image: pod-test/busybox
          command: [cat, /run/secrets/docker/config.json]
          use_api_socket: true
          \(kind): [{source: c, target: /run/secrets/docker/config.json}]
      \(kind): {c: {file: ./mine}}

      """
    var settings = PodSettings()
    settings.files["mine"] = "mine\n"
    let end = try await podEnd(on: try #require(TestEngine.all.first), file, settings)
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "a") == ["mine"])
  }
}
