import Foundation
import TestSupport
import Testing

@Suite("The Mesos module, compiled against stand-ins for Mesos' headers")
struct HookModuleTests {
  @Test(
    "sends events, reports errors and sets variables in a program that loads it like the agent",
    arguments: ["", "-DSTANDIN_WITHOUT_NESTED"])
  func agent(flags: String) async throws {
    try await withTemporaryDirectory { directory in
      try await Command(
        script, [directory.path("module")],
        environment: compilers.merging(["MESOS_PREFIX": here, "CXXFLAGS": flags]) { $1 }
      ).output(within: .seconds(300))
      let compiler = ["-std=c++17", "-Wall", "-Wextra", "-I\(here)/include"]
      let source = ["-o", directory.path("agent"), "\(here)/agent.cpp", "-ldl"]
      try await Command(Toolchain.clangPlusPlus, compiler + (flags.isEmpty ? [] : [flags]) + source)
        .output(within: .seconds(300))
      let said = try await Command(
        directory.path("agent"), [directory.path("module/libcompose_pod_hook.so"), directory.path]
      ).output()
      #expect(said == "ok")
      let spooled = try FileManager.default.contentsOfDirectory(atPath: directory.path("spool"))
        .filter { !$0.hasPrefix(".") }
      #expect(spooled.count == 1)
    }
  }

  @Test("without these headers, make hook reports the missing header")
  func missing() async throws {
    try await withTemporaryDirectory { directory in
      let result = try await Command(
        script, [directory.path("module")],
        environment: compilers.merging(["MESOS_PREFIX": directory.path]) { $1 }
      ).run()
      #expect(result.status == .exited(1))
      #expect(result.stderr.contains("missing: <mesos/hook.hpp>, of Mesos' headers"))
    }
  }

  @Test("a symbol that no agent would have is detected")
  func strange() async throws {
    try await withTemporaryDirectory { directory in
      try FileManager.default.copyItem(
        atPath: "\(here)/include", toPath: directory.path("include"))
      let none = directory.path("include/stout/none.hpp")
      let text = try String(contentsOfFile: none, encoding: .utf8)
      try directory.write(
        "include/stout/none.hpp",
        text.replacingOccurrences(
          of: "struct None {};",
          with: "void nobodyHasThis();\nstruct None { None() { nobodyHasThis(); } };"))
      let result = try await Command(
        script, [directory.path("module")],
        environment: compilers.merging(["MESOS_PREFIX": directory.path]) { $1 }
      ).run(within: .seconds(300))
      #expect(result.status == .exited(1))
      #expect(result.stderr.contains("symbols that no agent has: nobodyHasThis()"))
    }
  }

  @Test(
    "a symbol that a library of the agent lacks, or has for another std::string, is detected"
  )
  func compared() async throws {
    try await withTemporaryDirectory { directory in
      try FileManager.default.copyItem(atPath: "\(here)/include", toPath: directory.path("include"))
      // As in Mesos itself, two of the functions are defined in the library, not in the header.
      let header = directory.path("include/mesos/mesos.hpp")
      var text = try String(contentsOfFile: header, encoding: .utf8)
      for (inline, declared) in [
        ("bool has_parent() const { return nested; }", "bool has_parent() const;"),
        (
          "void set_name(const std::string& name) { key = name; }",
          "void set_name(const std::string& name);"
        ),
      ] {
        #expect(text.contains(inline))
        text = text.replacingOccurrences(of: inline, with: declared)
      }
      try directory.write("include/mesos/mesos.hpp", text)
      let nested = "bool mesos::ContainerID::has_parent() const { return nested; }\n"
      let named =
        "void mesos::Environment::Variable::set_name(const std::string& name) { key = name; }\n"

      func make(_ functions: String, _ flags: [String] = []) async throws -> CommandResult {
        let source = try directory.write("mesos.cpp", "#include <mesos/mesos.hpp>\n" + functions)
        try directory.write("lib/kept", "")
        try await Command(
          Toolchain.clangPlusPlus,
          ["-std=c++17", "-shared", "-fPIC", "-I" + directory.path("include"), "-o"]
            + [directory.path("lib/libmesos.so"), source] + flags
        ).output(within: .seconds(300))
        return try await Command(
          script, [directory.path("module")],
          environment: compilers.merging(["MESOS_PREFIX": directory.path]) { $1 }
        ).run(within: .seconds(300))
      }
      let whole = try await make(nested + named)
      #expect(whole.status == .exited(0), "\(whole)")
      #expect(!whole.stderr.contains("no libmesos.so"), "\(whole)")
      let absent = try await make(named)
      #expect(absent.status == .exited(1), "\(absent)")
      #expect(absent.stderr.contains("lacks mesos::ContainerID::has_parent() const"), "\(absent)")
      let older = try await make(nested + named, ["-D_GLIBCXX_USE_CXX11_ABI=0"])
      #expect(older.status == .exited(1), "\(older)")
      #expect(older.stderr.contains("lacks mesos::Environment::Variable::set_name("), "\(older)")
      #expect(older.stderr.contains("another compiler"), "\(older)")
    }
  }

  private let here = SourceTree.path("Tests/HookModuleTests")
  private let compilers = ["CC": Toolchain.clang, "CXX": Toolchain.clangPlusPlus]
  private var script: String { SourceTree.path("scripts/hook") }
}
