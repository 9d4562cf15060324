import Compose
import DockerEngine
import OrderedCollections
import Testing
import YAML

@testable import PodRuntime

/// A default, and a service without a value, with the same one, a stricter one, or a weaker one.
private struct EnforcedCase: CustomTestStringConvertible, Sendable {
  let key: OperatorDefaults.Key
  let set: @Sendable (inout OperatorDefaults) -> Void
  let passing: [@Sendable (inout Service) -> Void]
  let refused: [(@Sendable (inout Service) -> Void, String)]
  var logging = PodLogging.bounded

  var testDescription: String { key.rawValue }
}

private func hook(_ environment: OrderedDictionary<String, String?>) -> Hook {
  var hook = Hook(position: at(5), command: ["true"])
  hook.environment = environment
  return hook
}

private func logging(_ driver: String?, _ options: OrderedDictionary<String, String> = [:])
  -> @Sendable (inout Service) -> Void
{
  {
    $0.logging = Logging(
      position: at(4), driver: driver.map { Located($0, at: at(5)) }, options: options)
  }
}

private let enforcedCases = [
  EnforcedCase(
    key: .pidsLimit, set: { $0.pidsLimit = 100 },
    passing: [{ $0.resources.pidsLimit = 100 }, { $0.resources.pidsLimit = 1 }],
    refused: [
      ({ $0.resources.pidsLimit = 101 }, "pids_limit 101 is not allowed on this host: at most 100"),
      ({ $0.resources.pidsLimit = 0 }, "pids_limit 0"),
      ({ $0.resources.pidsLimit = -1 }, "pids_limit -1"),
    ]),
  EnforcedCase(
    key: .ulimits,
    set: {
      $0.ulimits = ["nofile": UserLimit(soft: 10, hard: 20), "core": UserLimit(soft: -1, hard: -1)]
    },
    passing: [
      { $0.resources.ulimits = ["nofile": UserLimit(soft: 10, hard: 20)] },
      { $0.resources.ulimits = ["nofile": UserLimit(soft: 1, hard: 1)] },
      { $0.resources.ulimits = ["nproc": UserLimit(soft: -1, hard: -1)] },
      { $0.resources.ulimits = ["core": UserLimit(soft: 5, hard: -1)] },
    ],
    refused: [
      (
        { $0.resources.ulimits = ["nofile": UserLimit(soft: 11, hard: 20)] },
        "ulimits nofile 11:20 is not allowed on this host: at most 10:20"
      ),
      (
        { $0.resources.ulimits = ["nofile": UserLimit(soft: 10, hard: 21)] }, "ulimits nofile 10:21"
      ),
      (
        { $0.resources.ulimits = ["nofile": UserLimit(soft: 10, hard: -1)] }, "ulimits nofile 10:-1"
      ),
    ]),
  EnforcedCase(
    key: .shmSize, set: { $0.shmSize = 1000 },
    passing: [{ $0.shmSize = ByteSize("1000") }, { $0.shmSize = ByteSize("1") }],
    refused: [
      ({ $0.shmSize = ByteSize("1001") }, "shm_size 1001 is not allowed"),
      // The engine's own size.
      ({ $0.shmSize = ByteSize("0") }, "shm_size 0 is not allowed"),
      (
        { $0.ipc = Located(.host, at: at(5)) },
        "ipc of the host or of another container is not allowed"
      ),
      (
        { $0.ipc = Located(.container("x"), at: at(5)) },
        "ipc of the host or of another container is not allowed"
      ),
      (
        {
          $0.mounts = [
            ServiceMount(source: .tmpfs(size: nil, mode: nil), target: "/dev/shm", position: at(5))
          ]
        },
        "a mount at /dev/shm is not allowed on this host: at most 1000 bytes"
      ),
      (
        {
          $0.mounts = [
            ServiceMount(source: .volume(key: "v"), target: "/dev/./x/..//shm/", position: at(5))
          ]
        },
        "a mount at /dev/./x/..//shm/ is not allowed"
      ),
    ]),
  EnforcedCase(
    key: .initProcess, set: { $0.initProcess = true }, passing: [{ $0.initProcess = true }],
    refused: [({ $0.initProcess = false }, "init false is not allowed on this host: true")]),
  EnforcedCase(
    key: .stopSignal, set: { $0.stopSignal = "SIGTERM" }, passing: [{ $0.stopSignal = "SIGTERM" }],
    refused: [({ $0.stopSignal = "SIGINT" }, "stop_signal SIGINT is not allowed")]),
  EnforcedCase(
    key: .userns, set: { $0.userns = "host" },
    passing: [
      { $0.isolation.userNamespace = Located("host", at: at(5)) },
      { $0.isolation.userNamespace = Located("", at: at(5)) },
    ],
    refused: [
      ({ $0.isolation.userNamespace = Located("private", at: at(5)) }, "userns_mode private")
    ]),
  EnforcedCase(
    key: .environment, set: { $0.environment = ["A": "b"] },
    passing: [
      { $0.environment = ["A": "b"] }, { $0.environment = ["B": "c"] },
      { $0.postStart = [hook(["A": "b", "B": "c"])] },
    ],
    refused: [
      ({ $0.environment = ["A": "c"] }, "environment A is not allowed on this host: b"),
      ({ $0.environment = ["A": nil] }, "environment A"),
      // The engine reads a name up to its first `=`.
      ({ $0.environment = ["A=c": ""] }, "environment A=c is not allowed on this host: b"),
      ({ $0.postStart = [hook(["A": "c"])] }, "environment A is not allowed on this host: b"),
      ({ $0.preStop = [hook(["A": nil])] }, "environment A is not allowed on this host: b"),
    ]),
  EnforcedCase(
    key: .proxies, set: { $0.proxies = ["HTTP_PROXY": "p"] },
    passing: [{ $0.environment = ["HTTP_PROXY": "p"] }],
    refused: [
      ({ $0.environment = ["HTTP_PROXY": ""] }, "environment HTTP_PROXY"),
      ({ $0.environment = ["HTTP_PROXY=q": ""] }, "environment HTTP_PROXY=q"),
      (
        { service in
          service.build = Build(position: at(6), context: ".")
          service.build?.args = ["HTTP_PROXY": ""]
        }, "build argument HTTP_PROXY"
      ),
    ]),
  EnforcedCase(
    key: .labels, set: { $0.labels = ["team": "a"] },
    passing: [{ $0.labels = ["team": Located("a", at: at(5))] }],
    refused: [({ $0.labels = ["team": Located("b", at: at(5))] }, "label team is not allowed")]),
  EnforcedCase(
    key: .dns, set: { $0.dns = ["1.1.1.1"] }, passing: [{ $0.dns = ["1.1.1.1"] }],
    refused: [({ $0.dns = ["1.1.1.1", "8.8.8.8"] }, "dns 1.1.1.1, 8.8.8.8 is not allowed")]),
  EnforcedCase(
    key: .dnsSearch, set: { $0.dnsSearch = ["a"] }, passing: [{ $0.dnsSearch = ["a"] }],
    refused: [({ $0.dnsSearch = ["b"] }, "dns_search b is not allowed")]),
  EnforcedCase(
    key: .dnsOptions, set: { $0.dnsOptions = ["ndots:1"] },
    passing: [{ $0.dnsOptions = ["ndots:1"] }],
    refused: [({ $0.dnsOptions = ["ndots:2"] }, "dns_opt ndots:2 is not allowed")]),
  EnforcedCase(
    key: .logging, set: { _ in },
    passing: [
      logging("json-file", ["max-size": "50m", "max-file": "2"]),
      logging(nil, ["max-size": "1m", "max-file": "1"]),
      logging("json-file", ["max-size": "50m", "max-file": "2", "tag": "{{.Name}}"]),
    ],
    refused: [
      (logging("journald"), "logging driver journald is not allowed on this host: json-file"),
      (logging("json-file", ["max-size": "51m", "max-file": "2"]), "logging option max-size 51m"),
      (logging("json-file", ["max-file": "2"]), "logging without option max-size"),
      (logging("json-file", ["max-size": "-1", "max-file": "2"]), "logging option max-size -1"),
      (
        logging("json-file", ["max-size": "1m", "max-file": "2", "mode": "non-blocking"]),
        "logging option mode"
      ),
    ]),
  EnforcedCase(
    key: .logging, set: { _ in }, passing: [],
    refused: [(logging("json-file"), "logging is not allowed on this host: left to the engine")],
    logging: .engine),
]

@Suite("A default of the operator")
struct OperatorDefaultsTests {
  @Test("that is enforced refuses a weaker value, with its line", arguments: enforcedCases)
  fileprivate func enforced(_ row: EnforcedCase) throws {
    var defaults = OperatorDefaults()
    row.set(&defaults)
    func check(_ change: (inout Service) -> Void) throws(DiagnosticError) {
      // It applies to a hook that runs before the service as well.
      var hooked = service("hooked")
      hooked.preStart = [service("hooked", change)]
      for project in [project([service("web", change)]), project([hooked])] {
        try defaults.check(project, logging: row.logging)
      }
    }
    for (change, _) in row.refused { try check(change) }
    defaults.enforced = [row.key]
    try check { _ in }
    for change in row.passing { try check(change) }
    for (change, message) in row.refused {
      let error = #expect(throws: DiagnosticError.self) { try check(change) }
      let said = error.map { "\($0)" } ?? ""
      #expect(said.contains(": \(message)"), "\(said)")
      #expect(said.hasPrefix("compose.yaml:"), "\(said)")
      #expect(
        said.hasSuffix("(operator's file, defaults: enforce: \(row.key.rawValue))"), "\(said)")
    }
  }

  @Test("has a test case for every key that can be enforced")
  func complete() {
    let known = Set(OperatorDefaults.Key.allCases.filter(\.isEnforceable))
    #expect(Set(enforcedCases.map(\.key)) == known)
  }

  private func body(
    _ defaults: OperatorDefaults, memory: Int64? = nil, image: String? = nil,
    policy: PodPolicy = .unrestricted, _ change: (inout Service) -> Void = { _ in }
  ) throws -> ContainerCreate {
    var request = PodRequest(
      project: project([
        service("web") { service in
          service.networkMode = Located(.other("bridge"), at: at(5))
          change(&service)
        }
      ]), executorID: "E", taskID: "t1", run: "r1")
    request.policy = policy
    let container = try plan(request).containers[0]
    return defaults.completing(
      container.resolved(image: "", ids: [:]), of: container, memory: memory, imageSignal: image)
  }

  @Test("that is enforced applies whatever the task's environment and labels are")
  func fixed() throws {
    var defaults = OperatorDefaults()
    defaults.environment = ["A": "b"]
    defaults.proxies = ["http_proxy": "p"]
    defaults.labels = ["team": "x"]
    defaults.enforced = [.environment, .proxies, .labels]
    let made = try body(defaults) { service in
      service.environment = ["A=c": "", "A": "c", "http_proxy=http://q": "", "B": "c"]
      service.labels = ["team": Located("y", at: at(5))]
    }
    #expect(made.env == ["A=b", "http_proxy=p", "B=c"])
    #expect(made.labels?["team"] == "x")
  }

  @Test("applies if the file has no value; a value of the file is kept")
  func completing() throws {
    var defaults = OperatorDefaults()
    defaults.initProcess = true
    defaults.pidsLimit = 100
    defaults.ulimits = ["nofile": UserLimit(soft: 1, hard: 2), "core": UserLimit(soft: 0, hard: 0)]
    defaults.stopSignal = "SIGINT"
    defaults.shmSize = 1 << 20
    defaults.userns = "host"
    defaults.dns = ["1.1.1.1"]
    defaults.dnsSearch = ["a"]
    defaults.dnsOptions = ["ndots:1"]
    defaults.environment = ["A": "1", "B": "2"]
    defaults.labels = ["team": "x", "other": "y"]
    defaults.givesTaskMemory = true
    let plain = try body(defaults, memory: 7 << 20)
    #expect(plain.hostConfig?.`init` == true && plain.hostConfig?.pidsLimit == 100)
    #expect(plain.hostConfig?.ulimits?.map(\.name) == ["core", "nofile"])
    #expect(plain.stopSignal == "SIGINT" && plain.hostConfig?.shmSize == 1 << 20)
    #expect(plain.hostConfig?.usernsMode == "host" && plain.hostConfig?.dns == ["1.1.1.1"])
    #expect(plain.hostConfig?.dnsSearch == ["a"] && plain.hostConfig?.dnsOptions == ["ndots:1"])
    #expect(plain.env == ["A=1", "B=2"])
    #expect(plain.labels?["team"] == "x" && plain.labels?["other"] == "y")
    #expect(plain.hostConfig?.memory == 7 << 20 && plain.hostConfig?.memorySwap == -1)

    let own = try body(defaults, memory: 7 << 20) { service in
      service.initProcess = false
      service.resources.pidsLimit = 7
      service.resources.ulimits = ["nofile": UserLimit(soft: 9, hard: 9)]
      service.stopSignal = "SIGHUP"
      service.shmSize = ByteSize("5")
      service.isolation.userNamespace = Located("private", at: at(5))
      service.dns = ["2.2.2.2"]
      service.dnsSearch = ["b"]
      service.dnsOptions = ["ndots:2"]
      service.environment = ["A": "own", "B": nil]
      service.labels = ["team": Located("own", at: at(5))]
      service.memoryLimit = Limit(ByteSize("4m")!, key: "mem_limit", at: at(5))
    }
    #expect(own.hostConfig?.`init` == false && own.hostConfig?.pidsLimit == 7)
    #expect(own.hostConfig?.ulimits?.map(\.soft) == [9, 0] && own.stopSignal == "SIGHUP")
    #expect(own.hostConfig?.shmSize == 5 && own.hostConfig?.usernsMode == "private")
    #expect(own.hostConfig?.dns == ["2.2.2.2"] && own.hostConfig?.dnsSearch == ["b"])
    #expect(own.env == ["A=own", "B"], "\(own.env ?? [])")
    #expect(own.labels?["team"] == "own" && own.labels?["other"] == "y")
    #expect(own.hostConfig?.memory == 4 << 20 && own.hostConfig?.memorySwap == nil)
    #expect(own.hostConfig?.dnsOptions == ["ndots:2"])
  }

  @Test("of the environment overrides the task's variables if it is enforced")
  func taskVariables() throws {
    var defaults = OperatorDefaults()
    defaults.environment = ["HOST": "operator"]
    let container = try plan(project([service("web")])).containers[0]
    var body = container.create
    body.env = ["HOST=task", "OTHER=task"]
    func completed() -> [String]? {
      defaults.completing(body, of: container, memory: nil).env
    }
    #expect(completed() == ["HOST=task", "OTHER=task"])
    defaults.enforced = [.environment]
    #expect(completed() == ["HOST=operator", "OTHER=task"])
  }

  @Test("of memory is omitted if the engine would refuse it")
  func smallMemory() throws {
    var defaults = OperatorDefaults()
    defaults.givesTaskMemory = true
    #expect(try body(defaults, memory: 5 << 20).hostConfig?.memory == nil)
    let swap = try body(defaults, memory: 64 << 20) { $0.memorySwapLimit = ByteSize("32m") }
    #expect(swap.hostConfig?.memory == nil && swap.hostConfig?.memorySwap == 32 << 20)
    #expect(try body(defaults, memory: 64 << 20).hostConfig?.memory == 64 << 20)
  }

  @Test("of the stop signal doesn't override the image's, unless it is enforced")
  func signals() throws {
    var defaults = OperatorDefaults()
    defaults.stopSignal = "SIGINT"
    #expect(try body(defaults, image: "SIGQUIT").stopSignal == nil)
    defaults.enforced = [.stopSignal]
    #expect(try body(defaults, image: "SIGQUIT").stopSignal == "SIGINT")
    #expect(try body(OperatorDefaults(), image: "SIGQUIT").stopSignal == nil)
  }

  @Test("of processes is limited by `allow`, and a task without memory sets no memory limit")
  func bounds() throws {
    var defaults = OperatorDefaults()
    defaults.pidsLimit = 100
    defaults.givesTaskMemory = true
    var policy = PodPolicy.strict
    policy.maxPids = 50
    let bounded = try body(defaults, policy: policy)
    #expect(bounded.hostConfig?.pidsLimit == 50 && bounded.hostConfig?.memory == nil)
    policy.maxPids = 500
    #expect(try body(defaults, policy: policy).hostConfig?.pidsLimit == 100)
  }

  @Test("of name servers isn't applied in another container's network namespace")
  func namespaces() throws {
    var defaults = OperatorDefaults()
    defaults.dns = ["1.1.1.1"]
    for mode in [NamespaceMode.none, .container("other")] {
      let body = try body(defaults) { $0.networkMode = Located(mode, at: at(5)) }
      #expect(body.hostConfig?.dns == nil)
    }
    let host = try body(defaults) { $0.networkMode = Located(.host, at: at(5)) }
    #expect(host.hostConfig?.dns == ["1.1.1.1"])
  }
}
