import Compose
import DockerEngine
import OrderedCollections
import Testing
import YAML

@testable import PodRuntime

@Suite("The variables of a task")
struct TaskVariablesTests {
  private static let marathon = [
    "MARATHON_APP_ID": "/shop/web", "MARATHON_APP_VERSION": "1", "MARATHON_APP_LABEL_TEAM": "blue",
    "MARATHON_APP_RESOURCE_CPUS": "0.5", "MARATHON_HIDDEN": "x", "PORT_HTTP": "31000",
    "PORT_ELSE": "9999", "HOST": "agent7", "TOKEN": "secret", "MESOS_ALLOCATION_ROLE": "prod",
  ]

  private func request(
    _ services: [Service], _ kind: TaskVariables, offered: [UInt16]? = [31000, 31001],
    surroundings: [String: String] = marathon
  ) -> PodRequest {
    var request = PodRequest(
      project: project(services), frameworkID: "F", executorID: "E", taskID: "t1", run: "r1",
      agentID: "A", offeredPorts: offered)
    request.hostName = "told"
    request.options.taskVariables = kind
    request.applyTaskVariables(environment: surroundings)
    return request
  }

  private func environment(
    _ request: PodRequest, of service: String = "web"
  ) throws(DiagnosticError) -> [String]? {
    try plan(request).containers.first { $0.key == service }?.create.env
  }

  private let web = service("web") { $0.ports = [port(80)] }
  private let db = service("db-1.x") { $0.ports = [port(5432)] }

  @Test(
    "are those of the option, or of the service, which overrides it",
    arguments: TaskVariables.allCases, [nil] + TaskVariables.allCases.map { $0 })
  func kinds(option: TaskVariables, own: TaskVariables?) throws {
    var web = web
    web.podSettings.taskVariables = own
    let common = [
      "HOST=agent7", "MESOS_TASK_ID=t1", "PORT0=31000", "PORT1=31001", "PORT_db_1_x_5432=31001",
      "PORT_web_80=31000",
    ]
    let expected: [String] =
      switch own ?? option {
      case .none: []
      case .mesos:
        common + [
          "MESOS_AGENT_ID=A", "MESOS_ALLOCATION_ROLE=prod", "MESOS_EXECUTOR_ID=E",
          "MESOS_FRAMEWORK_ID=F",
        ]
      case .marathon:
        common + [
          "MARATHON_APP_ID=/shop/web", "MARATHON_APP_LABEL_TEAM=blue",
          "MARATHON_APP_RESOURCE_CPUS=0.5", "MARATHON_APP_VERSION=1", "PORT=31000",
          "PORTS=31000,31001", "PORT_HTTP=31000",
        ]
      }
    #expect(try environment(request([web, db], option)) == expected.sorted())
  }

  @Test("don't override the file's, even if empty or without a value")
  func file() throws {
    var web = web
    web.environment = ["HOST": "mine", "PORT0": "", "MESOS_TASK_ID": nil]
    let found = try environment(request([web], .marathon)) ?? []
    #expect(found.filter { $0.hasPrefix("HOST") } == ["HOST=mine"])
    #expect(found.filter { $0.hasPrefix("PORT0") } == ["PORT0="])
    #expect(found.filter { $0.hasPrefix("MESOS_TASK_ID") } == ["MESOS_TASK_ID"])
  }

  @Test("have the agent's host if the environment has none, and the file's own ports")
  func hosts() throws {
    let own = service("web") { $0.ports = [port(80, "8080"), port(81)] }
    let found = try environment(request([own], .marathon, offered: nil, surroundings: [:]))
    #expect(found == ["HOST=told", "MESOS_TASK_ID=t1", "PORT_web_80=8080"])
  }

  @Test("of a service with several containers are specific to each container")
  func scaled() throws {
    let web = service("web") {
      $0.ports = [port(80)]
      $0.scale = Located(2, at: here)
    }
    let other = service("other")
    let request = request([web, other], .mesos)
    #expect(try environment(request, of: "web/1")?.contains("PORT_web_80=31000") == true)
    #expect(try environment(request, of: "web/2")?.contains("PORT_web_80=31001") == true)
    #expect(try environment(request, of: "other")?.contains("PORT_web_80=31000") == true)
  }

  @Test("of a huge offer are limited to what a program can be started with")
  func many() throws {
    let found = try environment(request([service("web")], .marathon, offered: Array(1...65535)))
    #expect(found?.contains("PORT999=1000") == true)
    #expect(found?.contains { $0.hasPrefix("PORT1000=") } == false)
    #expect(found?.allSatisfy { $0.utf8.count < 10_000 } == true)
  }
}

@Suite("The file task.json")
struct TaskFileTests {
  private func plan(
    _ services: [Service], isOn: Bool = true, volumes: [Volume] = []
  ) throws(DiagnosticError) -> PodPlan {
    var request = PodRequest(
      project: project(services, volumes: volumes), frameworkID: "F", executorID: "E",
      taskID: "t1", run: "r1", offeredPorts: [31000])
    request.options.hasTaskFile = isOn
    request.taskLabels = ["password": "hidden"]
    request.applyTaskVariables(environment: ["HOST": "agent7", "TOKEN": "hidden"])
    return try PodRuntimeTests.plan(request)
  }

  private func mounts(_ plan: PodPlan, of key: String) -> [Mount] {
    plan.containers.first { $0.key == key }?.create.hostConfig?.mounts ?? []
  }

  @Test("is in a volume of the pod, which the services that get it mount read-only")
  func planned() throws {
    let shy = service("shy") { $0.podSettings.hasTaskFile = Located(false, at: here) }
    let plan = try plan([service("web") { $0.ports = [port(80)] }, shy])
    let volume = try #require(plan.taskFile?.volume)
    #expect(plan.volumes.map(\.name) == [volume])
    #expect(plan.volumes[0].labels?["mesos.task_id"] == "t1")
    let mount = try #require(mounts(plan, of: "web").first)
    #expect(mount.source == volume && mount.target == "/run/pod" && mount.readOnly == true)
    #expect(mounts(plan, of: "shy").isEmpty)
    let text = String(decoding: try #require(plan.taskFile).description.json(), as: UTF8.self)
    #expect(!text.contains("hidden"))
    for part in [
      #""task_id" : "t1""#, #""host" : "agent7""#, #""host_port" : 31000"#, #""version" : 1"#,
    ] {
      #expect(text.contains(part), "\(text)")
    }
  }

  @Test("isn't created if no service requests it")
  func off() throws {
    #expect(try plan([service("web")], isOn: false).volumes.isEmpty)
    let asking = service("web") { $0.podSettings.hasTaskFile = Located(true, at: here) }
    #expect(try plan([asking, service("db")], isOn: false).taskFile != nil)
  }

  @Test("never uses the name of a volume of the file")
  func name() throws {
    let taken = try #require(try plan([service("web")]).taskFile?.volume)
    var volume = Volume(key: "mine", position: here)
    volume.name = Located(taken, at: here)
    volume.isExternal = true
    let other = try plan([service("web")], volumes: [volume])
    #expect(other.taskFile?.volume == taken + "_")
  }

  private static let refused: [(String, ServiceMount.Source, Bool)] = [
    ("/run/pod", .volume(key: "v"), true), ("/run/pod/", .bind(path: "/x"), true),
    ("/run/pod/task.json", .bind(path: "/x"), true), ("/run", .bind(path: "/run"), true),
    ("/", .bind(path: "/"), true), ("/run", .volume(key: "v"), false),
    ("/run/pods", .bind(path: "/x"), false),
  ]

  @Test("is refused if something else is mounted at its path", arguments: refused.indices)
  func conflict(index: Int) throws {
    let (target, source, isRefused) = Self.refused[index]
    let web = service("web") {
      $0.podSettings.hasTaskFile = Located(true, at: at(7))
      $0.mounts = [ServiceMount(source: source, target: target, position: at(9))]
    }
    let user = service("user") {
      $0.podSettings.hasTaskFile = Located(true, at: at(7))
      $0.volumesFrom = [
        Located(VolumesFrom(source: .service("web"), readOnly: true), at: here)
      ]
    }
    var plain = web
    plain.podSettings.hasTaskFile = Located(false, at: at(7))
    for services in [[web], [plain, user]] {
      if isRefused {
        let error = #expect(throws: DiagnosticError.self) { try plan(services) }
        #expect(error?.position == at(7) && error?.message.contains("/run/pod/task.json") == true)
      } else {
        _ = try plan(services)
      }
    }
  }
}
