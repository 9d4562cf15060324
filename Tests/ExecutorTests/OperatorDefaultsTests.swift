import Compose
import PodRuntime
import TestSupport
import Testing
import YAML

@testable import Executor

@Suite("The defaults of the settings file")
struct OperatorDefaultsFileTests {
  private func read(_ text: String) throws -> OperatorDefaults {
    let text = "defaults:\n" + text.split(separator: "\n").map { "  \($0)\n" }.joined()
    return try OperatorConfiguration(text: text, file: "operator.yaml").defaults
  }

  @Test("don't exist in a file without them")
  func none() throws {
    #expect(try OperatorConfiguration(text: "", file: "f").defaults == OperatorDefaults())
    #expect(try OperatorConfiguration(text: "defaults:", file: "f").defaults == OperatorDefaults())
    #expect(try read("memory-limit: none") == OperatorDefaults())
  }

  @Test("are parsed, each in all of its forms")
  func forms() throws {
    var all = OperatorDefaults()
    all.dns = ["10.0.0.1", "fd00::1"]
    all.dnsOptions = ["ndots:1"]
    all.dnsSearch = ["example.org"]
    all.environment = ["A": "b", "N": "1", "E": ""]
    all.initProcess = false
    all.labels = ["team": "web"]
    all.givesTaskMemory = true
    all.pidsLimit = 512
    all.proxies = [
      "http_proxy": "http://p:1", "HTTP_PROXY": "http://p:1", "no_proxy": "a,b",
      "NO_PROXY": "a,b",
    ]
    all.selinuxLabel = "Z"
    all.shmSize = 64 << 20
    all.stopSignal = "SIGRTMIN+3"
    all.ulimits = [
      "nofile": UserLimit(soft: 1024, hard: 4096), "nproc": UserLimit(soft: 7, hard: 7),
      "core": UserLimit(soft: -1, hard: -1), "memlock": UserLimit(soft: 5, hard: -1),
    ]
    all.userns = "host"
    all.enforced = [.pidsLimit, .ulimits, .logging]
    let text = """
      dns: [10.0.0.1, "fd00::1"]
      dns-options: ["ndots:1"]
      dns-search: example.org
      environment: {A: b, N: 1, E: ""}
      init: false
      labels: {team: web}
      memory-limit: task
      pids-limit: 512
      proxies: {http: "http://p:1", no: "a,b"}
      selinux-label: Z
      shm-size: 64m
      stop-signal: SIGRTMIN+3
      ulimits: {nofile: {soft: 1024, hard: 4096}, nproc: 7, core: -1, memlock: {soft: 5, hard: -1}}
      userns: host
      enforce: [pids-limit, ulimits, logging]
      """
    #expect(try read(text) == all)
  }

  private static let refused: [(String, String)] = [
    ("foo: 1", "2:3: unknown key 'defaults.foo': known are dns, dns-options"),
    ("logging: json-file", "2:3: unknown key 'defaults.logging': known are"),
    ("dns: [name]", "2:8: defaults.dns takes addresses"),
    ("dns: {a: b}", "2:8: defaults.dns takes addresses"),
    ("dns-search: [1]", "2:15: defaults.dns-search takes a list of domains"),
    ("dns-options: ''", "2:16: defaults.dns-options takes a list of options"),
    ("environment: [A=b]", "2:16: defaults.environment takes a mapping of variables"),
    ("environment: {A: [b]}", "2:20: A takes one value"),
    ("environment: {A: null}", "2:20: A takes one value"),
    ("environment: {A=B: c}", "2:16: defaults.environment takes names without ="),
    ("labels: {mesos.task_id: x}", "2:12: label 'mesos.task_id' is reserved for the executor"),
    ("labels: {com.docker.compose.x: x}", "2:12: label 'com.docker.compose.x'"),
    ("init: 1", "2:9: defaults.init takes true or false"),
    ("memory-limit: 5m", "2:17: defaults.memory-limit takes task or none"),
    ("pids-limit: 0", "2:15: defaults.pids-limit takes a number above 0"),
    ("pids-limit: -1", "2:15: defaults.pids-limit takes a number above 0"),
    ("pids-limit: 99999999999999999999", "2:15: defaults.pids-limit takes a number above 0"),
    ("proxies: {gopher: x}", "2:13: unknown key 'defaults.proxies.gopher': known are all, ftp"),
    ("proxies: x", "2:12: defaults.proxies takes a mapping of all, ftp, http, https, no"),
    ("selinux-label: x", "2:18: defaults.selinux-label takes z or Z"),
    ("shm-size: -1", "2:13: defaults.shm-size takes a size, such as 64m"),
    ("shm-size: 0", "2:13: defaults.shm-size takes a size"),
    ("shm-size: 99999999999g", "2:13: defaults.shm-size takes a size"),
    ("stop-signal: NONE", "2:16: defaults.stop-signal takes a signal, such as SIGTERM"),
    ("stop-signal: 65", "2:16: defaults.stop-signal takes a signal"),
    ("stop-signal: SIGRTMIN+16", "2:16: defaults.stop-signal takes a signal"),
    ("ulimits: {nofiles: 1}", "2:13: unknown limit 'defaults.ulimits.nofiles': known are core"),
    ("ulimits: {nofile: -2}", "2:21: defaults.ulimits.nofile takes a number, or soft and hard"),
    ("ulimits: {nofile: {soft: 5, hard: 4}}", "2:21: defaults.ulimits.nofile takes"),
    ("ulimits: {nofile: {soft: -1, hard: 4}}", "2:21: defaults.ulimits.nofile takes"),
    ("ulimits: {nofile: {soft: 5}}", "2:21: defaults.ulimits.nofile takes"),
    ("ulimits: {nofile: {soft: 5, hard: 6, more: 7}}", "2:21: defaults.ulimits.nofile takes"),
    ("ulimits: [nofile]", "2:12: defaults.ulimits takes a mapping of limits"),
    ("userns: private", "2:11: defaults.userns takes host"),
    ("enforce: all", "2:12: defaults.enforce takes a list of dns"),
    ("enforce: [nothing]", "2:13: defaults.enforce lists some of dns"),
    ("init: true\nenforce: [memory-limit]", "3:13: defaults.enforce lists some of dns"),
    ("enforce: [init]", "2:13: defaults.enforce lists init, which has no default"),
  ]

  @Test("are refused with the position of a wrong value", arguments: refused.indices)
  func refusals(number: Int) {
    let (text, message) = Self.refused[number]
    let error = #expect(throws: DiagnosticError.self) { try read(text) }
    let said = error.map { "\($0)" } ?? ""
    #expect(said.hasPrefix("operator.yaml:" + message), "\(said)")
  }

  @Test("must be a mapping")
  func mapping() {
    let error = #expect(throws: DiagnosticError.self) {
      _ = try OperatorConfiguration(text: "defaults: [init]", file: "f")
    }
    #expect(error.map { "\($0)" } == "f:1:11: defaults takes a mapping")
  }
}
