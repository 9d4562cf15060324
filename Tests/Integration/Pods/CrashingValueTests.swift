import Foundation
import TestSupport
import Testing

@Suite("A value that crashes or blocks an engine", .needsEngine, .throttled)
struct CrashingValueTests {
  @Test(
    "in a seccomp profile is refused with its line",
    arguments: [
      (#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[null]}"#, "crashes"),
      (
        #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"args":[null]}]}"#,
        "crashes"
      ),
      (#"{"defaultAction":"SCMP_ACT_KILL"}"#, "never completes"),
      (
        #"{"defaultAction":"SCMP_ACT_KILL","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}"#,
        "never completes"
      ),
    ])
  func seccomp(profile: String, words: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: founding/base
          security_opt:
            - seccomp=profile.json
      """
    let end = try await podEnd(
      on: engine, file, PodSettings(files: ["profile.json": profile]), within: .seconds(300))
    #expect(end.status == .exited(1), "\(end)")
    #expect(end.message.hasPrefix("compose.yaml:5:9: the seccomp profile"), "\(end)")
    #expect(end.message.contains(words), "\(end)")
  }

  @Test("as the name of a program is refused with its line", arguments: ["entrypoint", "command"])
  func program(key: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let name = String(repeating: "a", count: 70_000)
    let file = "services:\n  web:\n    image: pod-test/busybox\n    \(key): [\(name)]\n"
    let end = try await podEnd(on: engine, file, within: .seconds(300))
    #expect(end.status == .exited(1), "\(end.message)")
    #expect(end.message.hasPrefix("compose.yaml:4:5: the program of 'web'"), "\(end.message)")
  }

  @Test("isn't a seccomp profile that allows what a program needs", arguments: TestEngine.all)
  func harmless(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["true"]
          security_opt: ["seccomp=profile.json"]
      """
    let end = try await podEnd(
      on: engine, file,
      PodSettings(files: ["profile.json": #"{"defaultAction":"SCMP_ACT_ALLOW"}"#]))
    #expect(end.status == .exited(0), "\(end)")
  }
}
