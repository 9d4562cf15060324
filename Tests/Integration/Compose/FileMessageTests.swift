import Foundation
import TestSupport
import Testing

/// Runs a command of the executor in a directory with some files.
private func lines(
  _ arguments: [String], _ files: [String: String], links: [String: String] = [:],
  environment: [String: String] = [:]
) async throws -> (lines: [String], status: ExitStatus) {
  try await withTemporaryDirectory { directory in
    for (name, text) in files { try directory.write(name, text) }
    for (name, target) in links {
      try FileManager.default.createSymbolicLink(
        atPath: directory.path(name), withDestinationPath: target)
    }
    let result = try await Command(
      BuiltProgram.composeExecutor, arguments, environment: environment, directory: directory.path
    ).run(within: .seconds(180))
    let prefix = "compose-executor: "
    return (
      result.stderr.split(separator: "\n").map {
        $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : String($0)
      }, result.status
    )
  }
}

@Suite("Messages about an invalid file", .needsEngine, .throttled)
struct FileMessageTests {
  /// Files with an invalid value because a variable is not set: the warning's location, the error's
  /// beginning and its end.
  static let unset: [(file: String, warning: String, error: String, text: String)] = [
    (
      "services:\n  a:\n    image: i\n    volumes:\n      - ${DATA}:/data\n",
      "5:9", "5:9: ", "; `DATA` in `${DATA}:/data` is not set"
    ),
    (
      "services:\n  a:\n    image: ${IMG}\n", "3:12", "2:3: the service `a` has neither",
      "; `IMG` in `${IMG}` is not set"
    ),
    (
      "services:\n  a:\n    image: i\n    mem_limit: \"${MEM}x\"\n", "4:17", "4:16: ",
      "; `MEM` in `${MEM}x` is not set"
    ),
    (
      "services:\n  a:\n    image: i\n    ports: ['${A}${B}:80:x']\n", "4:14", "4:13: ",
      "; `A`, `B` in `${A}${B}:80:x` are not set"
    ),
  ]

  @Test(
    "name an unset variable in a warning and in the error that it causes",
    arguments: unset.indices, [["config"], ["config", "--pod"], ["run"]])
  func named(index: Int, arguments: [String]) async throws {
    let engine = try #require(TestEngine.all.first)
    let item = Self.unset[index]
    let (lines, status) = try await lines(
      arguments, ["compose.yaml": item.file], environment: ["DOCKER_HOST": engine.dockerHost])
    #expect(status == .exited(1))
    #expect(lines.count >= 2, "\(lines)")
    #expect(
      lines.first?.hasPrefix("compose.yaml:\(item.warning): the variable `") == true, "\(lines)")
    #expect(lines.last?.hasPrefix("compose.yaml:\(item.error)") == true, "\(lines)")
    #expect(lines.last?.hasSuffix(item.text) == true, "\(lines)")
  }

  @Test("of the plan or the engine name an unset variable as well")
  func unsetLater() async throws {
    let engine = try #require(TestEngine.all.first)
    for (file, location, text) in [
      (
        "services:\n  a:\n    image: pod-test/busybox:${TAG}\n", "compose.yaml:3:12: ",
        "; `TAG` in `pod-test/busybox:${TAG}` is not set"
      ),
      (
        "services:\n  a:\n    image: pod-test/busybox\n    restart: no${X}pe\n",
        "compose.yaml:4:14: ", "; `X` in `no${X}pe` is not set"
      ),
      (
        "services:\n  a:\n    image: pod-test/busybox\n"
          + "    volumes: [{type: bind, source: './x', target: '${T}'}]\n",
        "compose.yaml:4:51: ", "; `T` in `${T}` is not set"
      ),
      (
        "services:\n  a:\n    image: pod-test/busybox\n    network_mode: container:${C}x\n",
        "compose.yaml:4:19: ", "; `C` in `container:${C}x` is not set"
      ),
      (
        "services:\n  a:\n    image: pod-test/busybox\n    user: '${U}nobody-has-it'\n",
        "compose.yaml:4:5: ", "; `U` in `${U}nobody-has-it` is not set"
      ),
      (
        "services:\n  a:\n    image: pod-test/busybox\n    command: ['${CMD}']\n",
        "compose.yaml:4:5: ", "; `CMD` in `${CMD}` is not set"
      ),
      (
        "services:\n  a:\n    hostname: '${H}'\n    build:\n      context: ./${X}none\n",
        "compose.yaml:4:5: ", "; `X` in `./${X}none` is not set"
      ),
    ] {
      let end = try await podEnd(on: engine, file)
      #expect(end.message.hasPrefix(location) && end.message.contains(text), "\(end)")
      let warning = end.stderr.firstIndex { $0.contains("is not set; its value is empty") }
      #expect(warning != nil, "\(end)")
    }
  }

  @Test("name disabled profiles, or the lack of services, if no service is left")
  func noServices() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: i
          profiles: [debug, dev]
        db: {image: i, profiles: [data]}
      """
    for (text, location, words) in [
      (
        file, "compose.yaml:4:15: ",
        ["`web` in `debug`, `dev`", "`db` in `data`", "COMPOSE_PROFILES"]
      ),
      ("# none\nservices: {}\n", "compose.yaml:2:1: ", ["no services"]),
      ("services:\n  a: {image: i, scale: 0}\n", "compose.yaml:2:24: ", ["scale"]),
    ] {
      let end = try await podEnd(on: engine, text)
      #expect(end.status == .exited(1))
      #expect(end.message.hasPrefix(location), "\(end)")
      #expect(words.allSatisfy(end.message.contains), "\(end)")
      let printed = try await lines(
        ["config", "--pod"], ["compose.yaml": text],
        environment: ["DOCKER_HOST": engine.dockerHost])
      #expect(printed.lines.last == end.message)
    }
    // Docker Compose prints a project without services.
    #expect(try await lines(["config"], ["compose.yaml": file]).status == .exited(0))
  }

  @Test("list keys without effect in config --pod as in run")
  func unhonoured() async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: ["true"]
          cpu_count: 2
          deploy: {mode: replicated, update_config: {parallelism: 1}}
      """
    let end = try await podEnd(on: engine, file)
    let words = "these keys have no effect in a pod: "
    let told = try #require(end.stderr.first { $0.contains(words) })
    let printed = try await lines(
      ["config", "--pod"], ["compose.yaml": file], environment: ["DOCKER_HOST": engine.dockerHost])
    let line = try #require(printed.lines.first { $0.hasPrefix(words) })
    #expect(told.hasSuffix(line))
    for key in ["`cpu_count`", "`deploy.mode`", "`deploy.update_config`"] {
      #expect(line.contains(key), "\(line)")
    }
  }

  @Test(
    "have the location of a key that needs a newer engine",
    arguments: [
      ("volumes: [{type: volume, source: v, target: /v, volume: {subpath: s}}]", "4:15", "1.45"),
      ("volumes: [{type: image, source: pod-test/busybox, target: /i}]", "4:15", "1.48"),
      ("networks: {default: {interface_name: lan0}}", "4:16", "1.49"),
    ])
  func newer(keys: String, location: String, version: String) async throws {
    for engine in TestEngine.all {
      let api = try await engine.docker("version", "--format", "{{.Server.APIVersion}}").output()
      let parts = api.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ".")
      let needed = version.split(separator: ".")
      guard let own = Int(parts[1]), let least = Int(needed[1]), own < least else { continue }
      let file = """
        services:
          web:
            image: pod-test/busybox
            \(keys)
        volumes: {v: {}}
        """
      let end = try await podEnd(on: engine, file)
      #expect(end.status == .exited(1))
      #expect(
        end.message.hasPrefix("compose.yaml:\(location): service 'web' can't be created"), "\(end)")
      #expect(end.message.contains("needs API \(version)"), "\(end)")
    }
  }
}

@Suite("A link that leads out of the root directory", .needsEngine, .throttled)
struct LinkTests {
  private static let plain = "services:\n  a:\n    image: i\n    command: [echo, '${X-}']\n"

  /// A file that is read and is a link, the Compose file that names it, and the beginning of the
  /// message.
  static let files: [(name: String, compose: String, start: String)] = [
    (".env", plain, "`.env` is, or is below, a symbolic link that leaves the root directory /"),
    (
      "x.env", plain + "    env_file: x.env\n",
      "compose.yaml:5:15: `x.env` is, or is below, a symbolic link that leaves the root directory /"
    ),
    (
      "x.env", plain + "    env_file: [{path: ./x.env}]\n",
      "compose.yaml:5:23: `./x.env` is, or is below, a symbolic link that leaves the root directory /"
    ),
    (
      "x.env", plain + "    label_file: x.env\n",
      "compose.yaml:5:17: `x.env` is, or is below, a symbolic link that leaves the root directory /"
    ),
    (
      "x.env", "include: [{path: b.yaml, env_file: x.env}]\n" + plain,
      "compose.yaml:1:36: `x.env` is, or is below, a symbolic link that leaves the root directory /"
    ),
    (
      "x.yaml", "include: [x.yaml]\n" + plain,
      "compose.yaml:1:11: `x.yaml` is, or is below, a symbolic link that leaves the root directory /"
    ),
  ]

  @Test(
    "is refused for every kind of file, by the same rule and with the same text",
    arguments: files.indices
  )
  func refused(index: Int) async throws {
    let engine = try #require(TestEngine.all.first)
    let item = Self.files[index]
    try await withTemporaryDirectory { outside in
      let text = item.name.hasSuffix("yaml") ? "services: {c: {image: i}}\n" : "X=outside\n"
      try outside.write(item.name, text)
      let files = ["compose.yaml": item.compose, "b.yaml": "services: {b: {image: i}}\n"]
      var told: Set<String> = []
      for arguments in [["config"], ["config", "--pod"], ["run"]] {
        let (lines, status) = try await lines(
          arguments, files, links: [item.name: outside.path(item.name)],
          environment: ["DOCKER_HOST": engine.dockerHost])
        #expect(status == .exited(1), "\(arguments)")
        let line = try #require(lines.last)
        #expect(line.hasPrefix(item.start), "\(arguments): \(lines)")
        // Each run has its own directory.
        told.insert(line.replacing(/compose-executor-test-[-0-9A-F]+/, with: "DIRECTORY"))
      }
      #expect(told.count == 1)
    }
  }

  @Test("is accepted within the directory, or if --root names a directory that contains both")
  func accepted() async throws {
    let engine = try #require(TestEngine.all.first)
    try await withTemporaryDirectory { outside in
      try outside.write("x.env", "X=outside\n")
      let temporary = URL(fileURLWithPath: outside.path).deletingLastPathComponent().path
      let file = [
        "compose.yaml": Self.plain + "    env_file: ./in.env\n", "real.env": "X=inside\n",
      ]
      for arguments in [["config"], ["config", "--pod"]] {
        let environment = ["DOCKER_HOST": engine.dockerHost]
        let inside = try await lines(
          arguments, file, links: ["in.env": "real.env", ".env": "real.env"],
          environment: environment)
        #expect(inside.status == .exited(0), "\(inside)")
        let rooted = try await lines(
          arguments + ["--root", temporary], file,
          links: ["in.env": outside.path("x.env"), ".env": outside.path("x.env")],
          environment: environment)
        #expect(rooted.status == .exited(0), "\(rooted)")
      }
    }
  }
}
