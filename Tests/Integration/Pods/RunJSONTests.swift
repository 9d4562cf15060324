import Foundation
import TestSupport
import Testing

@Suite("run --format json", .needsEngine, .throttled)
struct RunJSONTests {
  private let json = PodSettings(options: ["--format", "json"])

  /// The objects of a standard output. Each line must be one that conforms to
  /// docs/reference/run.schema.json.
  private func objects(_ lines: [String]) throws -> [[String: Any]] {
    let schema = try JSONSchema(file: "docs/reference/run.schema.json")
    return try lines.map { line in
      let object = try #require(
        try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
      #expect(schema.problem(of: object) == nil, "\(schema.problem(of: object) ?? ""): \(line)")
      return object
    }
  }

  private func states(_ objects: [[String: Any]]) -> [String] {
    objects.filter { $0["type"] as? String == "state" }.compactMap { $0["state"] as? String }
  }

  @Test("has a pod that finishes, with any bytes on both streams", arguments: TestEngine.all)
  func finished(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      """
      services:
        web:
          image: pod-test/busybox
          command: ["sh", "-c", "printf 'a\\\\377b \\"q\\" \\\\033[31m\\\\n\\\\nlast'; echo oops >&2; sleep 10"]
          post_start: [{command: ["echo", "hooked"]}]
      """, json)
    #expect(end.status == .exited(0), "\(end)")
    let found = try objects(end.stdout)
    #expect(states(found) == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
    let last = try #require(found.last)
    #expect(last["state"] as? String == "TASK_FINISHED" && last["exitCode"] as? Int == 0)
    func output(_ stream: String) -> [String] {
      found.filter { $0["stream"] as? String == stream && $0["hook"] == nil }
        .compactMap { $0["line"] as? String }
    }
    #expect(output("stdout") == ["a\u{fffd}b \"q\" \u{1b}[31m", "", "last"])
    #expect(output("stderr") == ["oops"])
    #expect(found.contains { $0["hook"] as? Bool == true && $0["line"] as? String == "hooked" })
    let events = found.compactMap { $0["event"] as? String }
    for event in [
      "pod-starting", "network-created", "container-created", "container-started",
      "service-hook-started", "service-hook-exited", "pod-running", "container-exited",
      "pod-stopping", "pod-ended",
    ] {
      #expect(events.filter { $0 == event }.count == 1, "\(event) in \(events)")
    }
    #expect(!end.stdout.joined().contains("\u{1b}"))
  }

  @Test("has the failing service of several, after its restart")
  func failed() async throws {
    let engine = try #require(TestEngine.all.first)
    for failing in ["one", "two"] {
      let commands = ["one", "two"].map { name in
        """
          \(name):
            image: pod-test/busybox
            command: ["sh", "-c", "sleep 1; \(name == failing ? "exit 7" : "sleep 600")"]
            restart: \(name == failing ? "on-failure:1" : "no")
            stop_grace_period: 0s
        """
      }
      let end = try await podEnd(on: engine, "services:\n" + commands.joined(separator: "\n"), json)
      #expect(end.status == .exited(1), "\(end)")
      let found = try objects(end.stdout)
      #expect(states(found).last == "TASK_FAILED" && found.last?["exitCode"] as? Int == 1)
      let exits = found.filter {
        $0["event"] as? String == "container-exited" && $0["service"] as? String == failing
      }
      #expect(exits.map { $0["exitCode"] as? Int } == [7, 7])
      let restarts = found.filter { $0["event"] as? String == "service-restarting" }
      #expect(restarts.map { $0["service"] as? String } == [failing])
    }
  }

  @Test("has the exit code of the only main service, according to the schema")
  func mainService() async throws {
    let engine = try #require(TestEngine.all.first)
    let compose = """
      services:
        job: {image: pod-test/busybox, command: [sh, -c, "exit 7"], x-pod: {role: main}}
      """
    let end = try await podEnd(on: engine, compose, json)
    #expect(end.status == .exited(7), "\(end)")
    #expect(try objects(end.stdout).last?["exitCode"] as? Int == 7, "\(end)")
  }

  @Test("has a killed pod's exit code 130")
  func killed() async throws {
    let engine = try #require(TestEngine.all.first)
    let compose = """
      services:
        web: {image: pod-test/busybox, command: sleep 600, stop_grace_period: 0s, ports: ["80"]}
      """
    var settings = json
    settings.ports = [Int(try FreePorts.take(1)[0])]
    try await withPod(on: engine, compose, settings) { pod in
      let line = try await pod.executor.line(containing: #""state":"TASK_RUNNING""#)
      let running = try objects([line])[0]
      let port = try #require((running["ports"] as? [[String: Any]])?.first)
      #expect(port["container"] as? Int == 80 && port["host"] as? Int == settings.ports?[0])
      pod.send(SIGTERM)
      let end = try await pod.ended()
      #expect(end.status == .exited(130))
      let found = try objects(end.stdout)
      #expect(states(found).last == "TASK_KILLED" && found.last?["exitCode"] as? Int == 130)
      #expect(found.last?["message"] as? String == "killed by SIGTERM")
    }
  }

  @Test("has a service that can't be started as an event with the cause")
  func refused() async throws {
    let engine = try #require(TestEngine.all.first)
    let end = try await podEnd(
      on: engine, "services: {web: {image: pod-test/busybox, command: [/none]}}", json)
    #expect(end.status == .exited(1), "\(end)")
    let found = try objects(end.stdout)
    let failed = try #require(found.first { $0["event"] as? String == "service-failed" }, "\(end)")
    #expect(failed["service"] as? String == "web")
    #expect((failed["message"] as? String)?.contains("can't be started") == true, "\(failed)")
  }

  @Test("has only an object of type error for an invalid file or option")
  func wrong() async throws {
    let engine = try #require(TestEngine.all.first)
    let bad = try await podEnd(on: engine, "services:\n  web:\n    image: x\n    porst: []\n", json)
    #expect(bad.status == .exited(1))
    let object = try #require(try objects(bad.stdout).first)
    #expect(bad.stdout.count == 1 && object["type"] as? String == "error")
    #expect((object["file"] as? String)?.hasSuffix("compose.yaml") == true, "\(object)")
    #expect(object["line"] as? Int == 4 && object["column"] as? Int == 5, "\(object)")
    #expect(bad.stderr.isEmpty, "\(bad)")
    let option = try await podEnd(
      on: engine, "services: {web: {image: x}}",
      PodSettings(options: ["--format", "json", "--grace", "soon"]))
    #expect(option.status == .exited(2) && option.stdout.count == 1, "\(option)")
    let value = try objects(option.stdout)[0]
    #expect(value["file"] == nil && value["exitCode"] as? Int == 2, "\(value)")
  }

  @Test("has a pull's events, and a failed pull as an event and a state")
  func pulls() async throws {
    let engine = try #require(TestEngine.all.first)
    let registry = try FalseRegistry(.hasNothing)
    let image = registry.image("nothing")
    let end = try await podEnd(on: engine, "services: {web: {image: '\(image)'}}", json)
    #expect(end.status == .exited(1))
    let found = try objects(end.stdout)
    let events = found.filter { ($0["event"] as? String)?.hasPrefix("image-") == true }
    #expect(events.map { $0["event"] as? String } == ["image-pulling", "image-failed"], "\(end)")
    #expect(events.allSatisfy { $0["subject"] as? String == image })
    #expect(states(found) == ["TASK_STARTING", "TASK_FAILED"])
  }
}

/// The part of JSON Schema that the schemas in docs use. An unknown keyword is a problem, too.
struct JSONSchema {
  private let root: [String: Any]

  init(file: String) throws {
    let data = try Data(SourceTree.text(file).utf8)
    root = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// The first problem of a value; nil if it is valid.
  func problem(of value: Any) -> String? { Self.problem(of: value, root) }

  private static func problem(of value: Any, _ schema: [String: Any]) -> String? {
    let object = value as? [String: Any]
    let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
    for (keyword, rule) in schema {
      switch keyword {
      case "$schema", "title", "properties": break
      case "type":
        let fits =
          switch rule as? String {
          case "object": object != nil
          case "array": value is [Any]
          case "string": value is String
          case "integer": value is Int
          case "number": value is Double
          case "boolean": value is Bool
          default: false
          }
        if !fits { return "\(value) is no \(rule)" }
      case "const": if !same(value, rule) { return "\(value) is not \(rule)" }
      case "enum":
        let known = rule as? [Any] ?? []
        if !known.contains(where: { same(value, $0) }) { return "\(value) is none of \(rule)" }
      case "pattern":
        guard let text = value as? String, let regex = try? Regex(rule as? String ?? ""),
          text.contains(regex)
        else { return "\(value) doesn't match \(rule)" }
      case "required":
        for key in rule as? [String] ?? [] where object?[key] == nil { return "\(key) is missing" }
      case "additionalProperties":
        for key in object?.keys.sorted() ?? [] where properties[key] == nil {
          return "\(key) is unknown"
        }
      case "items":
        for item in value as? [Any] ?? [] {
          if let problem = problem(of: item, rule as? [String: Any] ?? [:]) { return problem }
        }
      case "oneOf":
        let problems = (rule as? [[String: Any]] ?? []).map { problem(of: value, $0) }
        if problems.count(where: { $0 == nil }) != 1 { return "none or several of \(problems)" }
      default: return "\(keyword) is no keyword that is known"
      }
    }
    for (key, value) in object ?? [:] {
      if let rule = properties[key], let problem = problem(of: value, rule) {
        return "\(key): \(problem)"
      }
    }
    return nil
  }

  private static func same(_ one: Any, _ other: Any) -> Bool {
    (one as? String).map { $0 == other as? String } ?? (one as? Int).map { $0 == other as? Int }
      ?? false
  }
}
