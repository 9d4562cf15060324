import Foundation
import TestSupport
import Testing

/// Existing objects of the host that a pod uses.
@Suite("An object of the host that the pod didn't create", .needsEngine, .throttled)
struct HostWriteTests {
  /// Creates one object of each kind below `s`, and prints all objects: type, mode, owner, inode,
  /// target, content.
  private static let things = """
    mkdir -p s/dir/inner; echo of the host >s/file; chmod 640 s/file; mkfifo -m 600 s/fifo
    echo kept >s/dir/inner/kept; mkdir -m 555 s/readonly; ln -s nowhere s/dangling; ln -s dir s/link
    chown 123:456 s/file s/dir
    """
  private static let list = """
    cd "$0"; find s -printf '%P %y %m %U:%G %i %l\\n' | sort; cat s/file s/dir/inner/kept
    """

  /// The objects below `s` of a directory.
  private func list(_ directory: TemporaryDirectory) async throws -> String {
    try await Command("sh", ["-c", Self.list, directory.path]).output()
  }

  /// Runs a pod whose sandbox has one object of each kind, and compares the objects afterwards.
  private func end(of file: String, on engine: TestEngine, more: String = "") async throws -> PodEnd
  {
    let shell = Self.things + "\n" + more + "\nsh -c '\(Self.shellList)' . >before\nexec \"$@\""
    return try await withPod(on: engine, file, PodSettings(shell: shell)) { pod in
      let end = try await pod.ended()
      let before = try String(contentsOfFile: pod.sandbox.path("before"), encoding: .utf8)
      #expect(try await list(pod.sandbox) + "\n" == before, "\(end)")
      return end
    }
  }

  private static let shellList = list.replacing("'", with: "'\\''")

  @Test("is mounted unchanged, whatever its type, and kept", arguments: TestEngine.all)
  func sources(on engine: TestEngine) async throws {
    for long in [false, true] {
      let mounts = ["file", "dir", "fifo", "readonly", "link"].map {
        long
          ? "{type: bind, source: ./s/\($0), target: /m/\($0)}" : "'./s/\($0):/m/\($0)'"
      }
      let end = try await end(
        of: """
          services:
            web:
              image: pod-test/busybox
              command: [sh, -c, "cat /m/file /m/dir/inner/kept /m/link/inner/kept; test -p /m/fifo"]
              volumes: [\(mounts.joined(separator: ", "))]
          """, on: engine)
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["of the host", "kept", "kept"], "\(end)")
    }
  }

  @Test("is kept if the pod fails because of it", arguments: TestEngine.all)
  func refused(on engine: TestEngine) async throws {
    let volumes = [
      // A dangling link in place of a directory that would be created.
      "['./s/dangling:/m']",
      "[{type: bind, source: ./s/dangling, target: /m}]",
      // A mount point inside the mounted directory that is a file or a dangling link.
      "['./s:/m', './s/dir:/m/file']",
    ]
    for mounts in volumes {
      let end = try await end(
        of: """
          services:
            web:
              image: pod-test/busybox
              command: ["true"]
              volumes: \(mounts)
          """, on: engine)
      #expect(end.status == .exited(1), "\(mounts): \(end)")
    }
  }

  @Test("is kept in a directory in which mount points are created", arguments: TestEngine.all)
  func mountPoints(on engine: TestEngine) async throws {
    let end = try await end(
      of: """
        services:
          web:
            image: pod-test/busybox
            command: [cat, /m/dir/inner/kept]
            volumes: ['./s:/m', './s/dir/inner:/m/dir/inner', './s/file:/m/file']
            tmpfs: [/m/readonly]
        """, on: engine)
    #expect(end.output(of: "web") == ["kept"], "\(end)")
  }

  @Test("in a volume, or in a directory that a volume binds, is never changed by an image")
  func volumes() async throws {
    let engine = try #require(TestEngine.all.first)
    let name = "kept-\(UUID().uuidString.lowercased())"
    try await engine.docker("volume", "create", name).output()
    try await engine.docker(
      "run", "--rm", "-v", "\(name):/v", "pod-test/busybox", "sh", "-c", "echo kept >/v/inner"
    ).output()
    let end = try await end(
      of: """
        services:
          web:
            build:
              context: ./context
              dockerfile_inline: |
                FROM pod-test/busybox
                RUN mkdir -m 700 /one; echo image >/one/inner; echo image >/one/more; cp -r /one /two
            command: [sh, -c, "ls /one /two; cat /one/inner"]
            volumes: ['kept:/one', 'bound:/two']
        volumes:
          kept: {external: true, name: \(name)}
          bound: {driver_opts: {type: none, o: bind, device: "${PWD}/s/dir"}}
        """, on: engine, more: "mkdir context")
    #expect(end.status == .exited(0), "\(end)")
    #expect(
      end.output(of: "web") == ["/one:", "inner", "", "/two:", "inner", "kept"], "\(end)")
    try await engine.docker("volume", "rm", name).output()
  }

  @Test("can be an interface: a bridge of its name is refused, and it keeps its addresses")
  func bridge() async throws {
    let engine = try #require(TestEngine.all.first)
    let name = "pt\(UUID().uuidString.prefix(8).lowercased())"
    try await Command("ip", ["link", "add", name, "type", "bridge"]).output()
    try await Command("ip", ["address", "add", "192.0.2.1/30", "dev", name]).output()
    func addresses() async throws -> String {
      try await Command("ip", ["-o", "address", "show", name]).output()
    }
    let before = try await addresses()
    let end = try await podEnd(
      on: engine,
      """
      services:
        web: {image: founding/base}
      networks:
        default:
          driver_opts:
            com.docker.network.bridge.name: \(name)
      """)
    #expect(end.status == .exited(1), "\(end)")
    #expect(end.message.hasPrefix("compose.yaml:6:7: the network `default`"), "\(end)")
    #expect(try await addresses() == before)
    try await Command("ip", ["link", "delete", name]).output()
  }

  @Test("can be a process in the pod's cgroup: it continues, and the cgroup is kept")
  func cgroup() async throws {
    let engine = try #require(TestEngine.all.first)
    let run = UUID().uuidString.lowercased()
    let group = "/sys/fs/cgroup/memory/compose-pods/\(run)"
    try FileManager.default.createDirectory(atPath: group, withIntermediateDirectories: true)
    let stranger = try Command(
      "sh", ["-c", "echo $$ >\(group)/cgroup.procs; echo in; exec sleep 1000"]
    ).start()
    try await stranger.line(containing: "in")
    let result = try await withTemporaryDirectory { directory in
      try directory.write(
        "compose.yaml", "services: {web: {image: pod-test/busybox, command: ['true']}}")
      return try await Command(
        BuiltProgram.composeExecutor,
        ["run", "--run-id", run, "--task-id", "it-\(run.prefix(8))", "--cleanup-timeout", "3s"],
        environment: ["DOCKER_HOST": engine.dockerHost], directory: directory.path
      ).run()
    }
    #expect(result.stdout.contains("compose-pods/\(run)"), "\(result)")
    #expect(stranger.status == nil)
    #expect(FileManager.default.fileExists(atPath: group))
    stranger.send(SIGKILL)
    _ = try await stranger.exit(within: .seconds(300))
    try await eventually("the cgroup to be empty") {
      rmdir(group) == 0 || errno == ENOENT
    }
  }
}
