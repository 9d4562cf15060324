import ArgumentParser
import Compose
import Foundation
import PodRuntime
import Program
import Settings
import TestSupport
import Testing
import YAML

@testable import Executor

@Suite("The settings file")
struct OperatorFileTests {
  private func read(_ text: String) throws -> OperatorConfiguration {
    try OperatorConfiguration(text: text, file: "compose-executor.yaml")
  }

  @Test("restricts nothing without allow")
  func unrestricted() throws {
    #expect(try read("").policy == .unrestricted)
    #expect(try read("launch-timeout: 5m").settings == ["launch-timeout": "5m"])
  }

  @Test("changes nothing in the form of its sample")
  func sample() throws {
    let file = try read(SourceTree.text("deploy/compose-executor.yaml"))
    #expect(file.policy == .unrestricted)
    #expect(try Settings(environment: [:], file: file).timeouts() == PodTimeouts())
    #expect(file.settings["log-level"] == "info")
    #expect(file.settings["grace"] == nil)
  }

  @Test("with allow permits only what it lists")
  func allow() throws {
    #expect(try read("allow:").policy == .strict)
    var expected = PodPolicy.strict
    expected[.hostNamespaces] = .everything
    expected[.capabilities] = .only(["NET_ADMIN"])
    expected[.bindMounts] = .everything
    let text = """
      allow:
        host-namespaces: true
        capabilities: [NET_ADMIN]
        bind-mounts: true
        devices: false
      """
    #expect(try read(text).policy == expected)
  }

  @Test("determines the log driver of services whose Compose file has none")
  func logging() throws {
    for (file, word) in [("", "json-file"), ("logging: engine\n", "engine")] {
      let read = try read(file + "defaults: {enforce: [logging]}")
      for requested in ["json-file", "engine", "journald"] {
        let settings = Settings(environment: ["COMPOSE_EXECUTOR_LOGGING": requested], file: read)
        let refusal =
          requested == word ? nil : "logging \(requested) is not allowed on this host: \(word) ("
        do {
          _ = try settings.logging()
          #expect(refusal == nil, "\(requested) in place of \(word)")
        } catch {
          #expect("\(error)".hasPrefix(refusal ?? "never"), "\(error)")
        }
      }
    }
    #expect(try read("").logging == nil)
    #expect(try read("logging: engine").logging == .engine)
    #expect(try read("logging: journald").logging == .driver("journald", options: [:]))
    #expect(try read("logging: json-file").logging == .bounded)
    let text = """
      logging:
        driver: fluentd
        options: {fluentd-address: "127.0.0.1:24224", fluentd-async: true}
      """
    #expect(
      try read(text).logging
        == .driver(
          "fluentd", options: ["fluentd-address": "127.0.0.1:24224", "fluentd-async": "true"]))
    let settings = Settings(
      environment: ["COMPOSE_EXECUTOR_LOGGING": "engine"], file: try read(text))
    #expect(try settings.logging() == .engine)
    #expect(try settings.logging(option: "local") == .driver("local", options: [:]))
    #expect(throws: ConfigurationError.self) { try settings.logging(option: "none") }
    #expect(try Settings(environment: [:], file: try read("")).logging() == .bounded)
  }

  @Test(
    "is refused with the position of a wrong value",
    arguments: [
      ("grace: 5s\nfoo: 1", 2, 1), ("allow:\n  foo: 1", 2, 3),
      ("allow:\n  privileged: maybe", 2, 15),
      ("logging: none", 1, 10), ("logging: {driver: none}", 1, 19), ("logging: [a]", 1, 10),
      ("logging: {options: {a: b}}", 1, 10), ("logging: {driver: a, foo: 1}", 1, 22),
      ("allow: [a]", 1, 8), ("grace: [1]", 1, 8), ("- a", 1, 1), ("allow:\n  devices: 3", 2, 12),
    ])
  func refused(text: String, line: Int, column: Int) {
    let error = #expect(throws: DiagnosticError.self) { try read(text) }
    #expect(
      error?.position
        == SourcePosition(file: "compose-executor.yaml", line: line, column: column))
  }
}

@Suite("Settings")
struct SettingsTests {
  private func settings(_ environment: [String: String], _ file: String = "") throws -> Settings {
    Settings(environment: environment, file: try OperatorConfiguration(text: file, file: "f"))
  }

  @Test("come from the command line, the environment and the file, in this order")
  func order() throws {
    let both = try settings(["COMPOSE_EXECUTOR_LAUNCH_TIMEOUT": "2s"], "launch-timeout: 3s")
    #expect(both.text("launch-timeout", option: "1s") == "1s")
    #expect(both.text("launch-timeout") == "2s")
    #expect(try settings([:], "launch-timeout: 3s").timeouts().launch == .seconds(3))
    #expect(try settings([:]).timeouts() == PodTimeouts())
  }

  @Test("accept ports as ranges and lists, in order")
  func ports() {
    #expect(TaskOptions.ports("31000-31002") == [31000, 31001, 31002])
    #expect(TaskOptions.ports("31007,31000-31001") == [31007, 31000, 31001])
    for text in ["", "a", "3-1", "0", "65536", "1-70000", "1,,2", "1-"] {
      #expect(TaskOptions.ports(text) == nil)
    }
  }
}

@Suite("Options of a pod")
struct PodOptionSettingsTests {
  private func read(
    _ said: [String: String] = [:], environment: [String: String] = [:], file: String = ""
  ) throws -> PodOptions {
    let settings = Settings(
      environment: environment, file: try OperatorConfiguration(text: file, file: "operator.yaml"))
    return try settings.podOptions { said[$0] }
  }

  @Test("are off by default")
  func off() throws {
    #expect(try read() == PodOptions())
    #expect(try read(["share": "none", "type": "job", "rmi": "none"]) == PodOptions())
  }

  @Test("for the task's variables, file and checks accept only their own values")
  func task() throws {
    let requested = try read(
      ["task-env": "marathon", "task-file": "true", "check-service": "web"],
      file: "task-env: mesos\n")
    #expect(
      requested.taskVariables == .marathon && requested.hasTaskFile
        && requested.checkService == "web")
    let environment = try read(
      environment: ["COMPOSE_EXECUTOR_TASK_ENV": "mesos", "COMPOSE_EXECUTOR_TASK_FILE": "true"])
    #expect(environment.taskVariables == .mesos && environment.hasTaskFile)
    #expect(try read(file: "check-service: /sandbox\n").checkService == "/sandbox")
    for (name, text) in [("task-env", "all"), ("task-file", "on"), ("keep-volumes", "yes")] {
      let error = #expect(throws: ConfigurationError.self) { try read([name: text]) }
      #expect(error?.description.hasPrefix(name + " takes ") == true)
    }
  }

  @Test("come from the task first, then the environment, then the settings file")
  func order() throws {
    let file = "share: net\nnetwork: pods\ntype: service\nkeep-volumes: true\n"
    let requested = try read(file: file)
    #expect(requested.sharedNetwork == "pods" && !requested.sharesPID)
    #expect(requested.kind == .service && requested.keepsVolumes)
    let other = try read(
      ["share": "pid, net", "network": "default"],
      environment: ["COMPOSE_EXECUTOR_TYPE": "job", "COMPOSE_EXECUTOR_RMI": "all"], file: file)
    #expect(other.sharedNetwork == "bridge" && other.sharesPID)
    #expect(other.kind == .job && other.imageRemoval == .all && other.keepsVolumes)
    #expect(try read(["share": "none"], file: file).sharedNetwork == nil)
  }

  @Test("for files of each service's output have a size and a number")
  func splitLogs() throws {
    func rotation(_ text: String) throws -> LogRotation? {
      try read(["split-logs": text]).splitLogs
    }
    #expect(try rotation("false") == nil && rotation("true") == LogRotation())
    let sized = try #require(try rotation("10m"))
    #expect(sized.size == 10 << 20 && sized.olderFiles == 2)
    #expect(try rotation("64k,5")?.olderFiles == 5)
    #expect(try read(file: "split-logs: 8k\n").splitLogs?.size == 8192)
    #expect(try read(["split-logs": "false"], file: "split-logs: true\n").splitLogs == nil)
    let environment = ["COMPOSE_EXECUTOR_SPLIT_LOGS": "4k,1"]
    #expect(try read(environment: environment).splitLogs?.size == 4096)
  }

  @Test(
    "are refused with the wrong value",
    arguments: [
      ["share": "net,ipc"], ["share": "net", "network": "host"], ["network": "pods"],
      ["share": "net", "network": "container:x"], ["type": "daemon"], ["rmi": "some"],
      ["keep-volumes": "yes"], ["split-logs": "yes"], ["split-logs": "1k"], ["split-logs": ""],
      ["split-logs": "10m,0"], ["split-logs": "10m,101"], ["split-logs": "10m,"],
      ["split-logs": "10m,1,1"], ["split-logs": "-1"], ["split-logs": "9g9,2"],
      ["running-hook": "true", "hook-timeout": "soon"],
    ])
  func refused(said: [String: String]) {
    #expect(throws: ConfigurationError.self) { try read(said) }
  }

  @Test("have the operator's hooks and timeout first; a task's hooks require permission")
  func hooks() throws {
    let file = "pre-launch-hook: admit\nhook-timeout: 5s\n"
    let options = try read(
      ["pre-launch-hook": "own", "post-stop-hook": "tidy", "hook-timeout": "1ms"], file: file)
    #expect(
      options.hooks == [
        PodHook(event: .preLaunch, command: "admit", timeout: .seconds(5), isOperators: true),
        PodHook(event: .preLaunch, command: "own", timeout: .milliseconds(1), isOperators: false),
        PodHook(event: .postStop, command: "tidy", timeout: .milliseconds(1), isOperators: false),
      ])
    #expect(throws: DiagnosticError.self) { try PodPolicy.strict.check(options) }
    #expect(throws: Never.self) { try PodPolicy.strict.check(try read(file: file)) }
    let allowed = try OperatorConfiguration(text: "allow: {hooks: true}", file: "operator.yaml")
      .policy
    #expect(throws: Never.self) { try allowed.check(options) }
    #expect(throws: Never.self) { try PodPolicy.unrestricted.check(options) }
  }

  @Test("of an earlier executor's file are refused with a reference to their page")
  func sections() {
    let error = #expect(throws: DiagnosticError.self) {
      try read(file: "cleanpod: {timeout: 20s}\n")
    }
    #expect(error?.message.contains("docs/migration.md") == true)
  }
}

@Suite("IDs from outside")
struct IDSettingsTests {
  static let hostile = [
    "", ".", "..", "/", "../..", "../../../../dir", "a/b", "/a", "a\nb", "a\0b", "\u{1b}[2J",
    String(repeating: "x", count: 256),
  ]

  @Test(
    "are refused before their use, from the command line, the environment and the file",
    arguments: hostile)
  func refused(id: String) throws {
    for name in ["run-id", "task-id", "executor-id"] {
      let variable = "COMPOSE_EXECUTOR_" + name.uppercased().replacing("-", with: "_")
      var file = try OperatorConfiguration(text: "", file: "x")
      let plain = try TaskOptions.parse([])
      let environment = Settings(environment: [variable: id], file: file)
      #expect(throws: ConfigurationError.self, "\(name)") {
        try plain.ids(environment)
      }
      let option = try TaskOptions.parse(["--\(name)", id])
      #expect(throws: ConfigurationError.self, "\(name)") {
        try option.ids(Settings(environment: [:], file: file))
      }
      file.settings[name] = id
      #expect(throws: ConfigurationError.self, "\(name)") {
        try plain.ids(Settings(environment: [:], file: file))
      }
    }
  }
}

@Suite("The slice settings of the operator")
struct SliceSettingsTests {
  @Test("are only in the file, and have defaults")
  func read() throws {
    let file = try OperatorConfiguration(
      text: "slice-parent: mesos.slice\nescape-isolators: warn\n", file: "f")
    #expect(file.slices == SliceSettings(parent: "mesos.slice", escape: .warn))
    #expect(try OperatorConfiguration(text: "", file: "f").slices == SliceSettings())
    // A task's environment can't weaken it.
    #expect(
      !Settings.names.contains("escape-isolators") && !Settings.names.contains("slice-parent"))
  }

  @Test(
    "with a wrong value are refused with its position",
    arguments: [
      ("escape-isolators: never\n", "f:1:19: escape-isolators takes refuse or warn"),
      ("escape-isolators: [warn]\n", "f:1:19: escape-isolators takes refuse or warn"),
      (
        "slice-parent: mesos\n",
        "f:1:15: slice-parent takes the name of a slice, such as mesos.slice"
      ),
      (
        "slice-parent: a--b.slice\n",
        "f:1:15: slice-parent takes the name of a slice, such as mesos.slice"
      ),
    ])
  func refused(text: String, message: String) {
    let error = #expect(throws: DiagnosticError.self) {
      try OperatorConfiguration(text: text, file: "f")
    }
    #expect(error.map { "\($0)" } == message)
  }
}
