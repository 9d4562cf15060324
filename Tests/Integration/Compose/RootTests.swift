import AgentStandIn
import Foundation
import TestSupport
import Testing

/// A project whose file is in a subdirectory and uses files outside of it.
private let below: [String: String] = [
  "docker/compose.yaml": """
  include: [../more/b.yaml]
  services:
    web:
      extends: {file: ../base.yaml, service: base}
      build: {context: .., dockerfile: docker/Dockerfile}
      env_file: [../x.env]
      command: [sh, -c, "cat /src/a /here/c; echo $$X"]
      volumes: ["../src:/src", "../:/all", "./:/here"]
      configs: [text]
  configs:
    text: {file: ../src/a}
  """,
  "docker/Dockerfile": "FROM pod-test/busybox\n", "docker/c": "beside\n", "src/a": "above\n",
  "x.env": "X=variable\n", "base.yaml": "services: {base: {labels: {a: b}}}\n",
  "more/b.yaml": "services: {b: {image: pod-test/busybox, command: ['true'], profiles: [never]}}\n",
]

private let file = "docker/compose.yaml"

@Suite("Files in a directory of the root directory", .needsEngine, .throttled)
struct RootTests {
  private static func settings(_ options: String..., files: [String: String]) -> PodSettings {
    PodSettings(options: ["-f", file] + options, files: files)
  }

  @Test("use files above them, within the git repository or the directory of --root")
  func used() async throws {
    let engine = try #require(TestEngine.all.first)
    let repository = below.merging([".git/HEAD": "ref: refs/heads/main\n"]) { $1 }
    // The work tree of a repository has a file with that name.
    let tree = below.merging([".git": "gitdir: /elsewhere\n"]) { $1 }
    for settings in [
      Self.settings(files: repository), Self.settings(files: tree),
      Self.settings("--root", ".", files: below),
    ] {
      let end = try await podEnd(on: engine, "unused: true\n", settings)
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["above", "beside", "variable"], "\(end)")
    }
  }

  @Test(
    "can't leave it; each attempt is refused with its line",
    arguments: [
      ("    volumes: ['../../x:/x']", "5:15", "`../../x`"),
      ("    volumes: [{type: bind, source: ../../x, target: /x}]", "5:36", "`../../x`"),
      ("    env_file: ../../x", "5:15", "`../../x`"),
      ("    label_file: ../../x", "5:17", "`../../x`"),
      ("    build: ../..", "5:12", "`../..`"),
      ("    build: {context: .., dockerfile: ../x}", "5:38", "`../x`"),
      ("    build: {context: ., cache_from: ['type=local,src=../../x']}", "5:38", "`../../x`"),
      ("    build: {context: ., cache_to: ['a', 'dest=../../x,type=local']}", "5:41", "`../../x`"),
      (
        "    build: {context: ., cache_to: ['\"type=local\",\"dest=../../x\"']}", "5:36",
        "`../../x`"
      ),
      ("    build: {context: ., cache_to: ['TYPE=local,Dest=../../x']}", "5:36", "`../../x`"),
      ("    extends: {file: ../../x, service: a}", "5:21", "`../../x`"),
      ("include: [../../x]", "5:11", "`../../x`"),
      ("    security_opt: ['seccomp=../../x']", "5:20", "`../../x`"),
      ("    volumes: ['./out/x:/x']", "5:15", "`./out/x`"),
      ("    env_file: ../out/x", "5:15", "`../out/x`"),
    ])
  func refused(line: String, location: String, name: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let text = "# one\nservices:\n  a:\n    image: pod-test/busybox\n\(line)\n"
    let link = "ln -s /usr docker/out; ln -s /usr out; exec \"$@\""
    for options in [["--root", "."], []] {
      let git = options.isEmpty ? [".git/HEAD": ""] : [:]
      var settings = PodSettings(
        options: ["-f", file] + options, files: [file: text].merging(git) { $1 })
      settings.shell = link
      let end = try await podEnd(on: engine, "unused: true\n", settings)
      #expect(end.status == .exited(1), "\(end)")
      let message = end.stderr.last ?? ""
      #expect(message.hasPrefix("compose-executor: \(file):\(location): \(name) "), "\(end)")
      #expect(message.contains("the root directory /") && message.contains("--root"), "\(end)")
    }
  }

  @Test(
    "are not read if --root names no directory; the message has the name",
    arguments: ["", "nowhere", "file", "/nowhere", "a\u{1b}[1m"], ["run", "config"])
  func noDirectory(root: String, command: String) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("compose.yaml", "services: [")
      try directory.write("file", "")
      let run = Command(
        BuiltProgram.composeExecutor, [command, "--root", root], directory: directory.path)
      let end = try await run.run()
      #expect(end.status == .exited(2))
      #expect(end.stdout.isEmpty)
      let name = root.replacing("\u{1b}", with: "\u{fffd}")
      let message = "compose-executor: --root isn't a directory: '\(name)'\n"
      #expect(end.stderr == message)
    }
  }

  @Test("can't leave their own directory without a repository and --root")
  func own() async throws {
    let engine = try #require(TestEngine.all.first)
    let end = try await podEnd(on: engine, "unused: true\n", Self.settings(files: below))
    #expect(end.status == .exited(1))
    #expect(
      end.stderr.last?.contains("docker/compose.yaml:6:16: `../x.env` leaves the root directory /")
        == true, "\(end)")
  }

  @Test(
    "are limited to the sandbox under Mesos, despite a repository", arguments: MesosHost.linux
  )
  func sandbox(on host: MesosHost) async throws {
    var settings = MesosSettings(files: below)
    settings.task = { $0.labels = [("fileName", file)] }
    try await withMesosPod(on: host, "services: {}", settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FINISHED", "\(end.message ?? "")")
      let lines = PodEnd.lines(
        of: "web", in: pod.run.text("stdout").split(separator: "\n").map(String.init))
      #expect(lines == ["above", "beside", "variable"])
    }
    let outside = "services:\n  a:\n    image: pod-test/busybox\n    volumes: ['../../x:/x']\n"
    settings.files = [file: outside, ".git/HEAD": "", "docker/.git/HEAD": ""]
    try await withMesosPod(on: host, "services: {}", settings) { pod in
      let message = try await pod.ended().message ?? ""
      #expect(
        message.contains("docker/compose.yaml:4:15: `../../x` leaves the sandbox /"), "\(message)")
    }
  }

  @Test(
    "can be mounted from the whole sandbox if the operator permits no bind mounts",
    arguments: MesosHost.linux)
  func policy(on host: MesosHost) async throws {
    var settings = MesosSettings(files: [
      file: """
      services:
        a: {image: pod-test/busybox, command: [cat, /src/a], volumes: ["../src:/src"]}
      """,
      "src/a": "above\n",
      "etc/compose-executor.yaml": "allow: {bind-mounts: [/srv], registries: true}\n",
    ])
    settings.make = { id, executor in
      .plain(id: id, executor: executor, labels: [("fileName", file)])
    }
    settings.task = { task in
      let mount = "mount -t overlay overlay -o lowerdir=$MESOS_SANDBOX/etc:/etc /etc"
      task.command =
        "chown 0:0 etc/*; exec unshare -m sh -c '\(mount) && exec \(BuiltProgram.composeExecutor)'"
    }
    try await withMesosPod(on: host, "services: {}", settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FINISHED", "\(end.message ?? "")")
    }
  }
}
