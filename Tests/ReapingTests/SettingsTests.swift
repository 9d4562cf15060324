import ArgumentParser
import Foundation
import HookShim
import OrderedCollections
import Program
import TestSupport
import Testing
import Settings
import YAML

@testable import Reaper
@testable import Reaping

@Suite("Settings of pod-reaper")
struct ReaperSettingsTests {
  @Test("on the command line override the environment, which overrides the file")
  func order() throws {
    let file = try SettingsFile.reapers(
      text: "grace: 1s\ninterval: 11s\nstop-timeout: 3\n", file: "f.yaml")
    let source = SettingSources<SettingName>(
      options: [.grace: "3s"],
      environment: ["POD_REAPER_GRACE": "2s", "POD_REAPER_INTERVAL": "12s"], file: file)
    #expect(try source.duration(.grace) == .seconds(3))
    #expect(try source.duration(.interval) == .seconds(12))
    #expect(try source.duration(.stopTimeout) == .seconds(3))
    #expect(try source.flag(.keepVolumes) == false)
  }

  @Test("with an unknown key or a bad value are refused with their location")
  func locations() throws {
    #expect {
      try SettingsFile.reapers(text: "grace: 1s\ngrase: 2s\n", file: "f.yaml")
    } throws: { "\($0)".hasPrefix("f.yaml:2:1: unknown setting 'grase'") }
    let file = try SettingsFile.reapers(text: "\n  grace: soon\n", file: "f.yaml")
    let source = SettingSources<SettingName>(options: [:], environment: [:], file: file)
    #expect { try source.duration(.grace) } throws: {
      "\($0)" == "f.yaml:2:10: grace takes a duration such as 10s or 2m, not 'soon'"
    }
  }

  @Test(
    "with a bad value are refused with the name of their source",
    arguments: [
      ("POD_REAPER_GRACE", "soon"), ("POD_REAPER_PARALLEL", "0"),
      ("POD_REAPER_METRICS", "0.0.0.0:80"),
      ("POD_REAPER_CGROUP_ROOTS", "mesos/../.."), ("POD_REAPER_JOURNAL_SIZE", "big"),
      ("POD_REAPER_AGENT_URL", "ftp://x"), ("POD_REAPER_RUN_DIR", "here"),
      ("POD_REAPER_KEEP_VOLUMES", "maybe"), ("POD_REAPER_LOG_LEVEL", "loud"),
      ("POD_REAPER_LOG_FORMAT", "xml"), ("POD_REAPER_INTERVAL", "0s"),
    ])
  func refused(_ variable: String, _ value: String) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("empty.yaml", "")
      #expect {
        try ReaperSettings(
          options: [:], environment: [variable: value], file: directory.path + "/empty.yaml")
      } throws: { error in
        let word = variable == "POD_REAPER_AGENT_URL" ? "agent-url" : variable
        return error is ConfigurationError && "\(error)".contains(word)
      }
    }
  }

  @Test("are options with the same names")
  func options() throws {
    let help = PodReaper.helpMessage(for: ServeCommand.self, columns: 200)
    for name in SettingName.allCases {
      #expect(help.contains("--\(name.rawValue)"), "\(name.rawValue)")
    }
  }
}

@Suite("Installed files of pod-reaper")
struct ReaperDeployTests {
  private let deploy = URL(fileURLWithPath: #filePath)
    .appendingPathComponent("../../../deploy").standardized.path

  @Test("the sample of the settings file has every key with its default")
  func sample() throws {
    let text = try String(contentsOfFile: deploy + "/pod-reaper.yaml", encoding: .utf8)
    let set = try SettingsFile.reapers(text: text, file: "pod-reaper.yaml")
    for name in SettingName.allCases {
      if let entry = set.entries[name.rawValue] {
        #expect(entry.value.settingText == name.standard, "\(name.rawValue)")
      } else {
        #expect(name.standard == nil && text.contains("\n# \(name.rawValue): "), "\(name.rawValue)")
      }
    }
    // The file of an operator who enables every line.
    let all = text.split(separator: "\n").map { line in
      let bare = line.hasPrefix("# ") ? line.dropFirst(2) : line
      return SettingName.allCases.contains { bare.hasPrefix($0.rawValue + ": ") } ? bare : line
    }
    let whole = try SettingsFile.reapers(text: all.joined(separator: "\n"), file: "pod-reaper.yaml")
    #expect(whole.entries.count == SettingName.allCases.count)
  }

  @Test("the sample, installed unchanged, changes nothing")
  func installed() async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("empty.yaml", "")
      func settings(_ file: String) throws -> String {
        "\(try ReaperSettings(options: [:], environment: [:], file: file))"
      }
      let none = try settings(directory.path("empty.yaml"))
      #expect(try settings(deploy + "/pod-reaper.yaml") == none)
    }
  }

  @Test(
    "systemd-tmpfiles creates the directories as the reaper and the hook require them")
  func directories() async throws {
    try await withTemporaryDirectory { root in
      let file = try root.write(
        "usr/lib/tmpfiles.d/compose-pods.conf",
        String(contentsOfFile: deploy + "/tmpfiles.d/compose-pods.conf", encoding: .utf8))
      try root.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
      try root.write("etc/group", "root:x:0:\n")
      let made = try await Command(
        "systemd-tmpfiles", ["--create", "--root", root.path, "compose-pods.conf"]
      ).run()
      #expect(made.status == .exited(0) && made.stderr.isEmpty, "\(made) \(file)")
      for (directory, mode) in [
        ("run/compose-pods", 0o755), ("run/compose-pods/spool", 0o700),
        ("var/lib/compose-pods", 0o700),
      ] {
        var status = stat()
        #expect(stat(root.path(directory), &status) == 0)
        #expect(status.st_mode & 0o7777 == mode && status.st_uid == 0, "\(directory)")
      }
      // Both programs accept the created directories.
      #expect(throws: Never.self) { try PrivateFile.directory(root.path("run/compose-pods")) }
      let settings = try ReaperSettings(
        options: [:], environment: [:], file: root.write("empty.yaml", ""))
      #expect(settings.runDirectory == "/run/compose-pods")
      #expect(settings.stateDirectory == "/var/lib/compose-pods")
      #expect(settings.spoolDirectory == HOOK_SHIM_DEFAULT_SPOOL)
      #expect(settings.notifySocket == HOOK_SHIM_DEFAULT_SOCKET)
    }
  }

  @Test(
    "the service starts on a systemd that doesn't support some of its directives",
    arguments: ["pod-reaper.service", "pod-reaper-once.service"])
  func oldSystemd(_ unit: String) throws {
    let lines = try String(contentsOfFile: deploy + "/systemd/" + unit, encoding: .utf8)
      .split(separator: "\n")
    // A list of allowed calls without the unknown names (groups came with 230, @system-service with
    // 239) allows hardly any call.
    for line in lines where line.hasPrefix("SystemCallFilter=") {
      #expect(line.hasPrefix("SystemCallFilter=~"), "\(line)")
    }
    // `strict` came with 232, StateDirectory with 235.
    let writable = lines.filter { $0.hasPrefix("ReadWritePaths=") }.joined(separator: " ")
    #expect(writable.contains(" -/var/lib/compose-pods"), "\(writable)")
    #expect(writable.contains(" -/run/compose-pods"), "\(writable)")
  }
}

@Suite("Printed text and paths")
struct PrintableTests {
  @Test("control characters and endless labels never reach a terminal")
  func printable() {
    #expect(Printable.text("a\u{1b}[31mb\nc\u{202e}d") == "a\u{fffd}[31mb\u{fffd}c\u{fffd}d")
    #expect(Printable.text(String(repeating: "x", count: 600)).count == 513)
  }

  @Test("the journal begins a new file when one is full, and keeps the old one")
  func journal() async throws {
    try await withTemporaryDirectory { directory in
      let journal = Journal(path: directory.path + "/journal.jsonl", limit: 300)
      let entry = Journal.Entry(
        time: "t", verdict: "leaked", why: "w", task: "a", run: "r", framework: "f", executor: "e",
        evidence: [], removed: [:], failed: [], pending: [], secondsSinceDeath: nil)
      for _ in 0..<5 { try journal.append(entry) }
      let old = try String(contentsOfFile: journal.path + ".1", encoding: .utf8)
      let new = try String(contentsOfFile: journal.path, encoding: .utf8)
      // Two or three of five lines with about 130 bytes fill a file.
      #expect(old.split(separator: "\n").count == 3)
      #expect(new.split(separator: "\n").count == 2)
      #expect(old.hasSuffix("}\n"))
    }
  }
}

@Suite("Settings of image care")
struct ImageCareSettingsTests {
  private func settings(_ more: [SettingName: String]) async throws -> ReaperSettings {
    try await withTemporaryDirectory { directory in
      try ReaperSettings(
        options: more, environment: [:], file: directory.write("none.yaml", ""))
    }
  }

  @Test("image care is off by default; its own settings have defaults")
  func defaults() async throws {
    #expect(try await settings([:]).imageCare == nil)
    #expect(try await settings([.imageCare: "off"]).imageCare == nil)
    #expect(
      try await settings([.imageCare: "on"]).imageCare
        == ImageCareSettings(age: .seconds(604_800), high: 85, low: 80, most: 10, keep: []))
    #expect(
      try await settings([
        .imageCare: "on", .imageAge: "36h", .diskHigh: "90%", .diskLow: "0", .imageMax: "3",
        .imageKeep: "a/*, *:b",
      ]).imageCare
        == ImageCareSettings(
          age: .seconds(129_600), high: 90, low: 0, most: 3, keep: ["a/*", "*:b"]))
  }

  @Test(
    "invalid values are refused, even if it is off",
    arguments: [
      (SettingName.imageCare, "maybe", "image-care takes on or off"),
      (.imageAge, "10s", "image-age must be at least 1m"),
      (.imageMax, "0", "image-max takes a number from 1 to 10000"),
      (.diskHigh, "101", "disk-high takes a percentage from 0 to 100"),
      (.diskLow, "86", "disk-low must not be above disk-high (85)"),
    ])
  func refused(_ name: SettingName, _ value: String, _ line: String) async {
    await #expect { try await settings([name: value]) } throws: { "\($0)" == "--" + line }
  }
}
