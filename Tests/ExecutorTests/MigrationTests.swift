import Foundation
import Testing

@testable import Executor

@Suite("Settings of earlier executors")
struct MigrationTests {
  private func read(
    labels: [(String, String)] = [], files: [String: String] = [:]
  ) throws -> LegacyExecutorSettings {
    let sandbox = FileManager.default.temporaryDirectory
      .appendingPathComponent("sandbox-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: sandbox.appendingPathComponent("config"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: sandbox) }
    for (name, text) in files {
      try Data(text.utf8).write(to: sandbox.appendingPathComponent(name))
    }
    let list = labels.map { #"{"key": "\#($0.0)", "value": "\#($0.1)"}"# }.joined(separator: ",")
    return LegacyExecutorSettings(
      task: try task(#""labels": {"labels": [\#(list)]}"#), sandbox: sandbox.path)
  }

  /// The keys of dce-go's documentation, with other values.
  private static let config = """
    launchtask:
      podmonitorinterval: 5s
      pullretry: 2
      timeout: 400s
      skippull: true
    plugins:
      pluginorder: general,site
    podStatusHooks:
      task_running: [notify]
      task_failed: []
    cleanpod:
      cleanfailtask: false
      timeout: 25s
      unhealthy: true
      cleanVolumeAndContainerOnMesosKill: false
      cleanimageonmesoskill: true
    """

  @Test("are translated, noted if nothing is needed, and otherwise cause a warning")
  func files() throws {
    let general = """
      infracontainer:
        image: site/networkproxy:1
        networks: {pre_existing: true, name: pods}
      """
    let earlier = try read(files: ["config/config.yaml": Self.config, "general.yaml": general])
    #expect(
      earlier.options == [
        "launch-timeout": "400s", "grace": "25s", "keep-volumes": "true", "rmi": "all",
        "share": "net", "network": "pods",
      ])
    #expect(earlier.warnings.count == 3, "\(earlier.warnings)")
    for word in ["general,site", "notify", "cleanfailtask"] {
      #expect(earlier.warnings.contains { $0.contains(word) }, "\(word): \(earlier.warnings)")
    }
    #expect(earlier.warnings.allSatisfy { $0.contains("config/config.yaml:") })
    let note = "launchtask.timeout: 400s (config/config.yaml:4:12) is read as launch-timeout 400s"
    #expect(earlier.notes.contains(note), "\(earlier.notes)")
  }

  @Test("in a label precede those in a file, in any case, also with Aurora's prefix")
  func labels() throws {
    let earlier = try read(
      labels: [
        ("config.launchTask.timeout", "90000"),
        ("org.apache.aurora.metadata.config.isService", "true"),
        ("config.team", "blue"), ("pluginorder", "general"), ("myconfig.x", "y"),
      ], files: ["config.yaml": Self.config])
    #expect(earlier.options["launch-timeout"] == "90000ms")
    #expect(earlier.options["type"] == "service" && earlier.options["share"] == nil)
    #expect(
      earlier.warnings.contains("team: blue (label config.team) is unknown: it has no effect"))
    #expect(!earlier.warnings.contains { $0.contains("myconfig") })
  }

  @Test("don't exist if a file of that name belongs to another program")
  func foreign() throws {
    for text in ["server: {port: 80}\n", "- a\n", "{", "launchtask", ""] {
      let earlier = try read(files: ["config.yaml": text])
      #expect(
        earlier.options.isEmpty && earlier.notes.isEmpty && earlier.warnings.isEmpty, "\(text)")
    }
  }
}
