import Foundation
import TestSupport
import Testing

@Suite("The Mesos module, compiled against stand-ins for Mesos' headers")
struct HookModuleTests {
  @Test(
    "a program that loads it as the agent does gets its events, errors and environment",
    arguments: ["", "-DSTANDIN_WITHOUT_NESTED"])
  func agent(flags: String) async throws {
    try await withTemporaryFolder { folder in
      try await Command(
        script, [folder.path("module")],
        environment: compilers.merging(["MESOS_PREFIX": here, "CXXFLAGS": flags]) { $1 }
      ).output(within: .seconds(120))
      let compiler = ["-std=c++17", "-Wall", "-Wextra", "-I\(here)/include"]
      let source = ["-o", folder.path("agent"), "\(here)/agent.cpp", "-ldl"]
      try await Command(Toolchain.clangPlusPlus, compiler + (flags.isEmpty ? [] : [flags]) + source)
        .output(within: .seconds(120))
      let said = try await Command(
        folder.path("agent"), [folder.path("module/libcompose_pod_hook.so"), folder.path]
      ).output()
      #expect(said == "ok")
      let spooled = try FileManager.default.contentsOfDirectory(atPath: folder.path("spool"))
      #expect(spooled.count == 1)
    }
  }

  @Test("without Mesos' headers, make hook says what is missing")
  func missing() async throws {
    try await withTemporaryFolder { folder in
      let result = try await Command(
        script, [folder.path("module")],
        environment: compilers.merging(["MESOS_PREFIX": folder.path]) { $1 }
      ).run()
      #expect(result.status == .exited(1))
      #expect(result.stderr.contains("missing: <mesos/hook.hpp>, of Mesos' headers"))
    }
  }

  @Test("a symbol that no agent would have is found")
  func strange() async throws {
    try await withTemporaryFolder { folder in
      try FileManager.default.copyItem(
        atPath: "\(here)/include", toPath: folder.path("include"))
      let none = folder.path("include/stout/none.hpp")
      let text = try String(contentsOfFile: none, encoding: .utf8)
      try folder.write(
        "include/stout/none.hpp",
        text.replacingOccurrences(
          of: "struct None {};",
          with: "void nobodyHasThis();\nstruct None { None() { nobodyHasThis(); } };"))
      let result = try await Command(
        script, [folder.path("module")],
        environment: compilers.merging(["MESOS_PREFIX": folder.path]) { $1 }
      ).run(within: .seconds(120))
      #expect(result.status == .exited(1))
      #expect(result.stderr.contains("symbols that no agent has: nobodyHasThis()"))
    }
  }

  private let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
  private let compilers = ["CC": Toolchain.clang, "CXX": Toolchain.clangPlusPlus]
  private var script: String { "\(here)/../../scripts/hook" }
}
