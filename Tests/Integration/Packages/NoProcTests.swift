import AgentStandIn
import Foundation
import TestSupport
import Testing

/// A way to hide /proc from a program.
enum HiddenProc: String, CaseIterable, Sendable, CustomTestStringConvertible {
  /// Nothing is mounted there: an empty directory.
  case missing
  /// A file system is mounted that an ordinary user must not read.
  case unreadable

  var testDescription: String { rawValue }

  /// The shell commands that hide it, and then execute their arguments with `exec "$@"`.
  private var words: String {
    switch self {
    case .missing: "mount -t tmpfs none /proc"
    case .unreadable: "mount -t tmpfs -o mode=0700 none /proc"
    }
  }

  /// The user who runs the program: root can read everything.
  private var user: [String] {
    self == .missing
      ? [] : ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
  }

  /// The command line that starts a program in this state.
  var launcher: [String] {
    ["unshare", "--mount", "sh", "-ec", "\(words); exec \"$@\"", "sh"] + user
  }

  /// The command without /proc.
  func command(_ command: Command) -> Command {
    var hidden = command
    let line = launcher + [command.program] + command.arguments
    hidden.program = line[0]
    hidden.arguments = Array(line.dropFirst())
    return hidden
  }
}

@Suite("Without /proc", .enabled(if: geteuid() == 0, "hides /proc as root"))
struct NoProcTests {
  /// A shipped program with its exit code for a wrong option.
  struct Program: Sendable, CustomTestStringConvertible {
    let name: String
    let usage: Int32
    var testDescription: String { name }
  }

  private static let programs = [
    Program(name: "compose-executor", usage: 2), Program(name: "pod-reaper", usage: 2),
    Program(name: "pod-hook-notify", usage: 2), Program(name: "compose-resources", usage: 2),
  ]

  /// Runs a shipped program without /proc, in a directory that everybody can read.
  private func run(
    _ name: String, _ arguments: [String], _ proc: HiddenProc, files: [String: String] = [:],
    environment: [String: String] = [:]
  ) async throws -> CommandResult {
    try await withTemporaryDirectory { directory in
      chmod(directory.path, 0o777)
      for (file, text) in files { try directory.write(file, text) }
      // A location that an ordinary user can access.
      let program = directory.path(name)
      if link(BuiltProgram.shipped(name), program) != 0 {
        try await directory.copyProgram(name, from: BuiltProgram.shipped(name))
      }
      let command = Command(
        program, arguments, environment: environment, directory: directory.path)
      return try await proc.command(command).run(within: .seconds(300))
    }
  }

  @Test(
    "every program reads its command line", arguments: programs, HiddenProc.allCases)
  func commandLine(of program: Program, _ proc: HiddenProc) async throws {
    let version = try await run(program.name, ["--version"], proc)
    #expect(version.status == .exited(0), "\(version)")
    #expect(version.stdout.split(separator: "\n").count == 1 && version.stderr.isEmpty)
    let seen = try await Command(BuiltProgram.shipped(program.name), ["--version"]).output()
    #expect(version.stdout == seen + "\n")

    let help = try await run(program.name, ["--help"], proc)
    #expect(help.status == .exited(0), "\(help)")
    #expect(help.stdout.contains("USAGE: \(program.name)") && help.stderr.isEmpty, "\(help)")

    let wrong = try await run(program.name, ["--no-such-option"], proc)
    #expect(wrong.status == .exited(program.usage), "\(wrong)")
    #expect(wrong.stdout.isEmpty && wrong.stderr.contains("--no-such-option"), "\(wrong)")
    #expect(wrong.stderr.hasPrefix("\(program.name): "), "\(wrong)")
  }

  /// The programs' libraries read the threads in /proc/self/task, and trap if they can't.
  @Test("every program works repeatedly", arguments: HiddenProc.allCases)
  func again(_ proc: HiddenProc) async throws {
    for _ in 0..<20 {
      let version = try await run("pod-reaper", ["--version"], proc)
      #expect(version.status == .exited(0), "\(version)")
    }
  }

  @Test(
    "programs that need it exit with one line that names it",
    arguments: [
      ("pod-reaper", [], 1), ("pod-reaper", ["--once"], 1), ("pod-reaper", ["serve"], 1),
      ("pod-reaper", ["status"], 1), ("compose-executor", ["run"], 1),
      ("compose-executor", ["config", "--pod"], 1), ("compose-executor", [], 1),
    ] as [(String, [String], Int32)], HiddenProc.allCases)
  func refused(
    by program: (name: String, arguments: [String], code: Int32), _ proc: HiddenProc
  ) async throws {
    let end = try await run(
      program.name, program.arguments, proc,
      files: ["compose.yaml": "services: {web: {image: a}}"],
      environment: ["DOCKER_HOST": "unix:///nowhere/docker.sock"])
    #expect(end.status == .exited(program.code), "\(end)")
    let lines = end.stderr.split(separator: "\n")
    #expect(lines.count == 1 && end.stdout.isEmpty, "\(end)")
    #expect(
      lines.first?.hasPrefix("\(program.name): /proc can't be read (") == true, "\(end)")
  }

  /// Builds a static program that prints its first argument, read like in the shipped programs.
  private func withStaticProgram(
    _ body: (_ directory: TemporaryDirectory, _ program: String) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      chmod(directory.path, 0o755)
      let shim = SourceTree.path("cshim/CLinux")
      let main = try directory.write(
        "main.swift",
        """
        import Glibc
        @_silgen_name("linux_arguments")
        func arguments() -> UnsafePointer<UnsafePointer<CChar>?>?
        puts(arguments()![1]!)
        """)
      let object = directory.path("shim.o")
      try await Command(
        Toolchain.clang, ["-I\(shim)/include", "-c", "-o", object, "\(shim)/arguments.c"]
      ).output()
      try FileManager.default.createDirectory(
        atPath: directory.path("root"), withIntermediateDirectories: false)
      let program = directory.path("root/program")
      try await Command(
        Toolchain.swiftc, ["-static-executable", "-o", program, main, object]
      ).output(within: .seconds(300))
      try await body(directory, program)
    }
  }

  /// A static program's runtime reads /proc/self/exe at its start.
  @Test("a static program starts and has its command line", arguments: HiddenProc.allCases)
  func isStatic(_ proc: HiddenProc) async throws {
    try await withStaticProgram { _, program in
      let command = Command(program, ["one two"], directory: "/")
      let end = try await proc.command(command).run(within: .seconds(300))
      #expect(end.status == .exited(0) && end.stdout == "one two\n", "\(end)")
    }
  }

  @Test("a program starts in a root without /dev, and reports on Linux 3.10 what is missing")
  func withoutDevices() async throws {
    try await withStaticProgram { directory, _ in
      let command = Command("chroot", [directory.path("root"), "/program", "one two"])
      #expect(try await command.output() == "one two")
      let old = try await OldLinux.command(command).run(within: .seconds(300))
      #expect(old.status == .exited(1) && old.stdout.isEmpty, "\(old)")
      #expect(
        old.stderr
          == "program: /dev/urandom can't be read, and this kernel (before Linux 3.17) has no "
          + "getrandom: mount /dev\n")
    }
  }

  @Test("a program reports a /proc of another pid namespace")
  func foreign() async throws {
    let command = Command(
      "unshare",
      ["--pid", "--fork", BuiltProgram.shipped("pod-reaper"), "--once"],
      environment: ["DOCKER_HOST": "unix:///nowhere/docker.sock"])
    let end = try await command.run(within: .seconds(300))
    #expect(end.status == .exited(1), "\(end)")
    #expect(end.stderr.hasPrefix("pod-reaper: /proc belongs to another pid namespace"), "\(end)")
    #expect(end.stderr.split(separator: "\n").count == 1, "\(end)")
  }

  @Test("a file is resolved, and its resources are summed", arguments: HiddenProc.allCases)
  func files(_ proc: HiddenProc) async throws {
    let files = ["compose.yaml": "services: {web: {image: a, cpus: 1, mem_limit: 64m}}"]
    let config = try await run("compose-executor", ["config"], proc, files: files)
    #expect(config.status == .exited(0) && config.stdout.contains("image: a"), "\(config)")
    let wrong = try await run(
      "compose-executor", ["config"], proc, files: ["compose.yaml": "services: ["])
    #expect(wrong.status == .exited(1) && wrong.stderr.contains("compose.yaml:"), "\(wrong)")
    let sum = try await run("compose-resources", ["--format", "json"], proc, files: files)
    #expect(sum.status == .exited(0) && sum.stdout.contains(#""cpus""#), "\(sum)")
  }

  @Test("the hook's event is spooled", arguments: HiddenProc.allCases)
  func hook(_ proc: HiddenProc) async throws {
    try await withTemporaryDirectory { directory in
      chmod(directory.path, 0o777)
      let spool = directory.path("run/spool")
      let end = try await run(
        "pod-hook-notify",
        ["removed", "--framework", "f", "--executor", "e", "--run-dir", directory.path("run")], proc
      )
      #expect(end.status == .exited(4), "\(end)")
      let names = try FileManager.default.contentsOfDirectory(atPath: spool)
      #expect(names.filter { $0.hasSuffix(".event") }.count == 1, "\(names)")
    }
  }
}

@Suite("An executor of an agent without /proc", .needsEngine, .throttled)
struct NoProcExecutorTests {
  @Test("exits at once with one line in its sandbox", arguments: MesosHost.linux)
  func executor(on host: MesosHost) async throws {
    var settings = MesosSettings()
    let program = BuiltProgram.shipped("compose-executor")
    settings.task = {
      $0.command = "exec unshare -m sh -c 'mount -t tmpfs none /proc; exec \(program)'"
    }
    try await withMesosPod(on: host, obedient, settings) { pod in
      let status = try await pod.exited()
      #expect(status == .exited(1))
      let lines = pod.run.text("stderr").split(separator: "\n")
      #expect(lines.count == 1, "\(lines)")
      #expect(lines.first?.hasPrefix("compose-executor: /proc can't be read (") == true)
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED")
    }
  }
}
