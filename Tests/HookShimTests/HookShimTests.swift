import Foundation
import TestSupport
import Testing

/// The scenarios in C, each in a process of its own on a tmpfs.
@Suite("The hook shim under sanitizers", .serialized)
struct HookShimTests {
  /// Invariant 5: a call never waits for the reaper (scenarios `stopped`, `full-queue`, `cost`).
  @Test(
    "has no address error and no undefined behavior",
    arguments: [
      "strings", "missing", "opening", "process", "stopped", "full-queue", "churn", "files",
      "bytes", "processes", "cost", "forks", "exchange", "uncounted", "umask",
    ])
  func addresses(scenario: String) async throws {
    try await run(scenario, in: try await Scenarios.addresses())
  }

  @Test("has no data race", arguments: ["full-queue", "churn"])
  func races(scenario: String) async throws {
    try await run(scenario, in: try await Scenarios.threads())
  }

  /// Invariant 6: a full disk costs one error.
  @Test(
    "reports one error if the disk of the spool is full, and no other fault",
    .enabled(if: geteuid() == 0, "mounting a tmpfs takes root"))
  func fullDisk() async throws {
    let program = try await Scenarios.addresses()
    try await withTemporaryDirectory { directory in
      // The mount disappears with its namespace.
      let script = """
        mount -t tmpfs -o size=200k,mode=0700 tmpfs "$DIRECTORY" && exec "\(program)" disk
        """
      try await Command(
        "unshare", ["-m", "sh", "-c", script], environment: ["DIRECTORY": directory.path]
      ).output()
    }
  }

  /// Runs a scenario in an empty directory on tmpfs, like the spool of a real host.
  private func run(_ scenario: String, in program: String) async throws {
    let shared = "/dev/shm"
    let parent =
      FileManager.default.isWritableFile(atPath: shared)
      ? shared : FileManager.default.temporaryDirectory.path
    let directory = "\(parent)/hook-shim-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await Command(program, [scenario], environment: ["DIRECTORY": directory])
      .output(within: .seconds(300))
  }
}

/// The program with all scenarios, compiled next to the tests.
enum Scenarios {
  static func addresses() async throws -> String {
    try await compile("addresses", ["-fsanitize=address,undefined"])
  }

  static func threads() async throws -> String {
    let directory = Toolchain.libraries
    // The thread sanitizer of Swift's clang requires libdispatch.
    let dispatch = ["-L\(directory)", "-ldispatch", "-lBlocksRuntime", "-Wl,-rpath,\(directory)"]
    return try await compile(
      "threads",
      ["-fsanitize=thread"]
        + (FileManager.default.fileExists(atPath: "\(directory)/libdispatch.so") ? dispatch : []))
  }

  /// Compiles the program, unless it is newer than its sources.
  ///
  /// - Returns: Its path.
  private static func compile(_ name: String, _ options: [String]) async throws -> String {
    let directories = ["Sources/HookShim", "Tests/HookShimTests/Scenarios"].map(SourceTree.path)
    let sources = try directories.flatMap { directory in
      try FileManager.default.contentsOfDirectory(atPath: directory)
        .filter { $0.hasSuffix(".c") }.sorted().map { "\(directory)/\($0)" }
    }
    let headers = [
      "\(directories[0])/include/HookShim.h", "\(directories[0])/HookSpool.h",
      "\(directories[1])/support.h",
    ]
    let program = BuiltProgram.beside("hook-shim-\(name)")
    if let built = changed(program),
      try (sources + headers).allSatisfy({
        built > (try #require(changed($0)))
      })
    {
      return program
    }
    let lld = Toolchain.clang == "cc" ? [] : ["-fuse-ld=lld"]
    let warnings = ["-Wall", "-Wextra", "-Werror"]
    try await Command(
      Toolchain.clang,
      ["-std=gnu11", "-g", "-O1", "-fno-sanitize-recover=all", "-pthread"] + warnings + lld
        + ["-I\(directories[0])/include", "-o", program] + sources + options
    ).output(within: .seconds(300))
    return program
  }

  private static func changed(_ path: String) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }
}
