import Foundation
import TestSupport
import Testing

@Suite("External secrets and configs", .needsEngine, .throttled)
struct ExternalSecretTests {
  /// The operator's program, which returns a value for a name.
  static func program(_ value: String = "unused") -> String {
    """
    #!/bin/sh
    IFS= read -r question
    case $question in
      *'"name":"prod/db"'*) printf 'a\\0b\\nc' ;;
      *'"name":"value"'*) printf %s '\(value)' ;;
      *'"name":"refused"'*) echo "not for you" >&2; echo more >&2; exit 3 ;;
      *'"name":"empty"'*) ;;
      *'"name":"big"'*) head -c 1048577 /dev/zero ;;
      *'"name":"whole"'*) head -c 1048576 /dev/zero ;;
    esac
    """
  }

  /// An executor with a private settings file that has `secret-command`; the test never touches the
  /// file of the machine. The shell writes the program, because a file that this process has open
  /// for writing during a fork can't be executed for a moment (ETXTBSY).
  static func settings(
    _ program: String = program(), prepare: String = "chmod 755 program",
    rest: String = ""
  ) -> PodSettings {
    let mount = "mount -t overlay overlay -o lowerdir=$PWD/etc:/etc /etc"
    return PodSettings(
      files: ["etc/placeholder": "", "program.txt": program],
      shell: """
        printf 'secret-command: %s/program\\n\(rest)' "$PWD" > etc/compose-executor.yaml
        install -m 755 program.txt program
        \(prepare)
        exec unshare -m sh -c '\(mount) && exec "$@"' sh "$@"
        """)
  }

  @Test(
    "are files on a tmpfs with owner and mode, and survive a restart",
    arguments: TestEngine.all, ["secret", "config"])
  func given(on engine: TestEngine, kind: String) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          user: "12"
          restart: on-failure
          command:
            - sh
            - -c
            - for f in \(kind == "secret" ? "/run/secrets/short" : "/short") /etc/long /deep/er/whole; do
              stat -c '%a %u %g %s %n' $$f; grep -c " $$f ro.* - tmpfs " /proc/self/mountinfo; done;
              od -An -c /etc/long; test -e /tmp/second && exit 0; touch /tmp/second; exit 1
          \(kind)s:
            - short
            - {source: long, target: /etc/long, uid: "12", gid: "3000000", mode: 0400}
            - {source: whole, target: /deep/er/whole}
      \(kind)s:
        short: {external: true, name: prod/db}
        long: {external: true, name: prod/db, labels: {team: a}}
        whole: {external: true}
      """
    let end = try await podEnd(on: engine, file, Self.settings())
    #expect(end.status == .exited(0), "\(end)")
    let short = kind == "secret" ? "/run/secrets/short" : "/short"
    let once = [
      "444 0 0 5 \(short)", "1", "400 12 3000000 5 /etc/long", "1",
      "444 0 0 1048576 /deep/er/whole", "1", "   a  \\0   b  \\n   c",
    ]
    #expect(end.output(of: "web") == once + once, "\(end)")
  }

  static let faults: [(name: String, prepare: String, words: String)] = [
    ("refused", "chmod 755 program", "refused the request: not for you"),
    ("empty", "chmod 755 program", "returned an empty value"),
    ("big", "chmod 755 program", "returned more than 1048576 bytes"),
    ("prod/db", "chmod 644 program", "is not executable"),
    ("prod/db", "chmod 775 program", "must be owned by root and writable only by root"),
    (
      "prod/db", "chmod 755 program; chown 65534 program",
      "must be owned by root and writable only by root"
    ),
    ("prod/db", "chmod 755 program; chmod 777 .", "which users other than root can write"),
    ("prod/db", "rm program", "can't be used"),
  ]

  @Test(
    "that can't be retrieved are refused with their line, before any object is created",
    arguments: faults.indices, ["secret", "config"])
  func refused(fault: Int, kind: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let (name, prepare, words) = Self.faults[fault]
    for form in ["[s]", "[{source: s, target: /etc/s, uid: '1', gid: '2', mode: 0400}]"] {
      let file = """
        services: {web: {image: pod-test/busybox, \(kind)s: \(form)}}
        \(kind)s:
          s: {external: true, name: \(name)}
        """
      let end = try await podEnd(on: engine, file, Self.settings(prepare: prepare))
      #expect(end.status == .exited(1), "\(end)")
      #expect(end.message.contains("compose.yaml:3:7: the \(kind) `s` can't be fetched"), "\(end)")
      #expect(end.message.contains(words), "\(end)")
      #expect(!end.description.contains("more\n"))
    }
  }

  @Test("are refused without `secret-command`, and the message names the missing setting")
  func withoutProgram() async throws {
    let engine = try #require(TestEngine.all.first)
    for kind in ["secret", "config"] {
      let file = """
        services: {web: {image: pod-test/busybox, \(kind)s: [s]}}
        \(kind)s:
          s: {external: true}
        """
      let end = try await podEnd(on: engine, file)
      #expect(
        end.message.contains("compose.yaml:3:7: the \(kind) `s` has `external`"), "\(end)")
      #expect(end.message.contains("secret-command"))
    }
  }

  @Test(
    "that an engine restart removed fail the pod with the cause", arguments: TestEngine.all)
  func gone(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          restart: always
          command: [sh, -c, "trap 'exit 1' TERM; cat /run/secrets/s; echo; sleep 1000 & wait"]
          secrets: [s]
      secrets:
        s: {external: true, name: value}
      """
    try await withPod(on: engine, file, Self.settings(Self.program("here"))) { pod in
      try await pod.running()
      try await pod.says("here", service: "web")
      let label = "label=mesos.container_id=\(pod.run)"
      let all = try await engine.docker("ps", "--format", "{{.Names}}", "--filter", label).output()
      let names = all.split(separator: "\n").map(String.init)
      let keeper = try #require(names.first { $0.contains("_secrets-") })
      let web = try #require(names.first { $0.hasSuffix("_web") })
      // The effect of an engine restart on both.
      try await engine.docker("kill", keeper).output()
      try await engine.docker("kill", "-s", "TERM", web).output()
      let end = try await pod.ended()
      #expect(end.states.last == "TASK_FAILED", "\(end)")
      #expect(end.message.contains("compose.yaml:6:15:"), "\(end)")
      #expect(end.message.contains("the values of its external secrets are lost"), "\(end)")
    }
  }

  /// The data directory of an engine.
  private static func directory(of engine: TestEngine) -> String {
    URL(fileURLWithPath: engine.socket).deletingLastPathComponent().path
  }

  /// The files below an engine's directory that contain a text, in the engine's mount namespace.
  private static func found(_ text: String, on engine: TestEngine) async throws -> [String] {
    let directory = directory(of: engine)
    let result = try await Command(
      "sh",
      [
        "-c",
        "nsenter -t \"$(cat \"$1/docker.pid\")\" -m grep -rlaF -- \"$2\" \"$1\" 2> /dev/null; true",
        "sh", directory, text,
      ]
    ).run(within: .seconds(300))
    return result.stdout.split(separator: "\n").map(String.init)
  }

  private static let searched = """
    services:
      web:
        image: pod-test/busybox
        command: [sh, -c, "test -s /run/secrets/s && echo there; exec sleep 1000"]
        volumes: ["data:/data"]
        secrets: [s]
    secrets:
      s: {external: true, name: value}
    volumes: {data: }
    """

  @Test(
    "are only in their file, and in no file after the cleanup", arguments: TestEngine.all)
  func search(on engine: TestEngine) async throws {
    let value = "needle-\(UUID().uuidString)-\(UUID().uuidString)"
    var executor: RunningCommand?
    try await withPod(on: engine, Self.searched, Self.settings(Self.program(value))) { pod in
      executor = pod.executor
      try await pod.running()
      try await pod.says("there", service: "web")
      let left = try await Leftovers.of(run: pod.run, on: engine)
      #expect(left.containers.count == 2 && left.volumes.count == 2)
      let files = try await Self.found(value, on: engine)
      #expect(files.count == 1, "\(files)")
      #expect(
        files.first?.contains("secrets-") == true && files.first?.hasSuffix("/_data/0") == true)
      for object in left.containers + left.volumes {
        let text = try await engine.docker("inspect", object).output()
        #expect(!text.contains(value))
      }
      for container in left.containers {
        let export = try await Command(
          "sh", ["-c", "docker export \"$1\" | grep -caF -- \"$2\"; true", "sh", container, value],
          environment: ["DOCKER_HOST": engine.dockerHost]
        ).run(within: .seconds(180))
        #expect(export.stdout == "0\n", "\(export)")
        let image = try await engine.docker("commit", container).output()
          .trimmingCharacters(in: .whitespacesAndNewlines)
        let saved = try await Command(
          "sh", ["-c", "docker save \"$1\" | grep -caF -- \"$2\"; true", "sh", image, value],
          environment: ["DOCKER_HOST": engine.dockerHost]
        ).run(within: .seconds(180))
        #expect(saved.stdout == "0\n", "\(saved)")
        try await engine.docker("rmi", image).output()
      }
      let pid = try #require(Int32(try await Self.executor(of: pod)))
      let environ = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/environ"))
      #expect(environ.range(of: Data(value.utf8)) == nil)
    }
    let printed = (executor?.lines(.stdout) ?? []) + (executor?.lines(.stderr) ?? [])
    #expect(!printed.contains { $0.contains(value) })
    #expect(try await Self.found(value, on: engine).isEmpty)
  }

  private static func executor(of pod: RunningPod) async throws -> String {
    let label = "label=mesos.container_id=\(pod.run)"
    return try await pod.engine.docker(
      "ps", "--filter", label, "--filter", "volume=/secrets", "--format",
      "{{.Label \"mesos.executor.pid\"}}"
    ).output().trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test(
    "are removed by pod-reaper after a killed executor, even if it keeps volumes",
    arguments: TestEngine.all)
  func reaped(on engine: TestEngine) async throws {
    let value = "needle-\(UUID().uuidString)-\(UUID().uuidString)"
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, Self.searched, Self.settings(Self.program(value))) { pod in
        try await pod.running()
        try await pod.says("there", service: "web")
        try await pod.kill()
        let kept = try await site.reaper(["--once", "--keep-volumes"])
          .run(within: .seconds(300))
        #expect(kept.status == .exited(0), "\(kept)")
        let left = try await Leftovers.of(run: pod.run, on: engine)
        #expect(left.containers.isEmpty && left.volumes.count == 1, "\(left)")
        #expect(left.volumes.first?.hasSuffix("_data") == true)
        #expect(try await Self.found(value, on: engine).isEmpty)
        _ = try await site.once()
        try await expectNothingLeft(of: pod)
      }
    }
  }

  /// Whether a crash writes a core file into the working directory of the program.
  private static let coresAreFiles =
    (try? String(contentsOfFile: "/proc/sys/kernel/core_pattern", encoding: .utf8)) == "core\n"

  @Test(
    "are in no core dump; an executor without secrets does dump core",
    .enabled(if: coresAreFiles), arguments: TestEngine.all, [true, false])
  func core(on engine: TestEngine, hasSecret: Bool) async throws {
    let value = "needle-\(UUID().uuidString)-\(UUID().uuidString)"
    let file = hasSecret ? Self.searched : "services: {web: {image: founding/base}}"
    let settings = Self.settings(
      Self.program(value), prepare: "chmod 755 program; ulimit -c unlimited")
    try await withReaperSite(on: engine) { site in
      try await withPod(on: engine, file, settings) { pod in
        try await pod.running()
        pod.send(SIGABRT)
        try await pod.executor.exit()
        let files = try FileManager.default.contentsOfDirectory(atPath: pod.sandbox.path)
        let cores = files.filter { $0.hasPrefix("core") }
        #expect(cores.count == (hasSecret ? 0 : 1), "\(files)")
        for name in files where hasSecret && name != "program.txt" && name != "program" {
          let data = try? Data(contentsOf: URL(fileURLWithPath: pod.sandbox.path(name)))
          #expect(data?.range(of: Data(value.utf8)) == nil, "\(name)")
        }
        _ = try await site.once()
        try await expectNothingLeft(of: pod)
      }
    }
  }
}
