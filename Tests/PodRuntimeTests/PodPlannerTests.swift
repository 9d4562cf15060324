import Compose
import DockerEngine
import FoundationEssentials
import OrderedCollections
import PodIdentity
import Testing
import YAML

@testable import PodRuntime

let here = SourcePosition(file: "compose.yaml", line: 1, column: 1)

func at(_ line: Int) -> SourcePosition {
  SourcePosition(file: "compose.yaml", line: line, column: 3)
}

func service(_ name: String, _ change: (inout Service) -> Void = { _ in }) -> Service {
  var service = Service(name: name, position: here)
  service.image = Located("image", at: here)
  change(&service)
  return service
}

func port(
  _ target: UInt16, _ published: String? = nil, _ transport: Transport = .tcp
) -> PublishedPort {
  PublishedPort(
    ContainerPort(target, transport), on: published.flatMap { HostPort($0) } ?? .engineChooses,
    at: at(Int(target)))
}

func project(_ services: [Service], networks: [Network] = [], volumes: [Volume] = []) -> Project {
  Project(
    name: "p", isNameExplicit: false, workingDirectory: "/work", files: ["compose.yaml"],
    isLegacy: false,
    services: OrderedDictionary(uniqueKeysWithValues: services.map { ($0.name, $0) }),
    networks: OrderedDictionary(uniqueKeysWithValues: networks.map { ($0.key, $0) }),
    volumes: OrderedDictionary(uniqueKeysWithValues: volumes.map { ($0.key, $0) }), warnings: [],
    canonical: emptyTree)
}

func plan(_ project: Project, offered: [UInt16]? = nil) throws(DiagnosticError) -> PodPlan {
  try plan(
    PodRequest(
      project: project, executorID: "E", taskID: "t1", run: "r1", offeredPorts: offered))
}

func plan(_ request: PodRequest) throws(DiagnosticError) -> PodPlan {
  try draft(request).placed(under: "/compose-pods/r1")
}

func draft(_ request: PodRequest) throws(DiagnosticError) -> PlanDraft {
  let identity = PodIdentity(
    frameworkID: "", executorID: "E", taskID: "t1", run: "r1", agentID: "",
    incarnation: Incarnation(bootID: nil, pid: nil, startTime: nil),
    host: HostIdentity(machineID: nil), cgroupParent: "")
  return try PodPlanner.plan(request, identity: identity)
}

@Suite("A pod's plan")
struct PodPlannerTests {
  /// Invariant 2: Docker's own restart policy is always `no`.
  @Test("disables Docker's restarts, caps the log, and places containers below the pod's cgroup")
  func host() throws {
    let plan = try plan(project([service("web") { $0.restart = .always }]))
    let host = try #require(plan.containers[0].create.hostConfig)
    #expect(host.restartPolicy?.name == "no")
    #expect(host.cgroupParent == "/compose-pods/r1")
    #expect(host.logConfig?.config == ["max-size": "50m", "max-file": "2"])
  }

  @Test("can be placed under any cgroup: only the labels and the containers' parent change")
  func placed() throws {
    let web = service("web") {
      $0.networks = ["default": NetworkAttachment()]
      $0.mounts = [ServiceMount(source: .volume(key: "data"), target: "/data", position: here)]
      $0.preStart = [service("web")]
    }
    let draft = try draft(
      PodRequest(
        project: project(
          [web], networks: [Network(key: "default")], volumes: [Volume(key: "data")]),
        executorID: "E", taskID: "t1", run: "r1"))
    func bodies(_ plan: PodPlan) -> [ContainerCreate] {
      plan.containers.flatMap { [$0] + $0.preStart }.map(\.create)
    }
    func labels(_ plan: PodPlan) -> [[String: String]?] {
      bodies(plan).map(\.labels) + plan.networks.map(\.labels) + plan.volumes.map(\.labels)
    }
    func rest(_ plan: PodPlan) throws -> [Data] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return try bodies(plan).map {
        var body = $0
        body.labels = nil
        body.hostConfig?.cgroupParent = nil
        return try encoder.encode(body)
      }
    }
    let slice = try #require(PodSlice(run: "r1"))
    let plain = draft.placed(under: "/compose-pods/r1")
    for (parent, own, engine) in [
      ("/mesos/r1", "/mesos/r1", "/mesos/r1"), (slice.path, "", slice.unit),
    ] {
      let plan = draft.placed(under: parent, executorCgroup: own)
      #expect(bodies(plan).map { $0.hostConfig?.cgroupParent } == [engine, engine])
      #expect(labels(plan).count == 4)
      for label in labels(plan) { #expect(PodIdentity(labels: label ?? [:]) == plan.identity) }
      #expect(plan.identity.cgroupParent == parent)
      #expect(plan.identity.executorCgroup == own)
      #expect(try rest(plan) == rest(plain))
    }
  }

  /// Invariant 1: an object has all labels from its creation on.
  @Test("gives every object all labels of the contract, besides those of the file")
  func labels() throws {
    var network = Network(key: "default")
    network.labels = ["team": "a"]
    let web = service("web") {
      $0.networks = ["default": NetworkAttachment()]
      $0.labels = ["team": Located("a", at: here)]
      $0.mounts = [ServiceMount(source: .volume(key: "data"), target: "/data", position: here)]
    }
    let plan = try plan(project([web], networks: [network], volumes: [Volume(key: "data")]))
    let contract = plan.identity.labels
    for labels in [
      plan.containers[0].create.labels, plan.networks[0].labels, plan.volumes[0].labels,
    ] {
      #expect(contract.allSatisfy { labels?[$0.key] == $0.value })
    }
    #expect(plan.containers[0].create.labels?["team"] == "a")
    #expect(plan.networks[0].labels?["com.docker.compose.network"] == "default")
    #expect(plan.volumes[0].name == "\(plan.identity.names.project)_data")
  }

  /// Invariant 1: a Compose file cannot replace them.
  @Test("is refused if the file sets a label of the contract", arguments: PodLabel.all.sorted())
  func contractLabel(key: String) {
    let web = service("web") { $0.labels = [key: Located("x", at: at(9))] }
    let error = #expect(throws: DiagnosticError.self) { try plan(project([web])) }
    #expect(error?.position == at(9))
    #expect(error?.message.contains(key) == true)
  }

  @Test("is refused if a volume's mount or an image's build sets one")
  func hiddenLabels() {
    var mount = ServiceMount(source: .anonymous, target: "/data", position: at(4))
    mount.labels = [PodLabel.run: "other"]
    var build = Build(position: at(6), context: ".")
    build.labels = [PodLabel.run: "other"]
    let (mounted, built) = (service("a") { $0.mounts = [mount] }, service("b") { $0.build = build })
    for (service, line) in [(mounted, 4), (built, 6)] {
      let error = #expect(throws: DiagnosticError.self) { try plan(project([service])) }
      #expect(error?.position == at(line))
    }
  }

  @Test("is refused if logging is none")
  func logging() {
    let web = service("web") {
      $0.logging = Logging(position: at(5), driver: Located("none", at: at(6)))
    }
    #expect(throws: DiagnosticError.self) { try plan(project([web])) }
  }

  @Test("only has networks that a service joins")
  func networks() throws {
    let web = service("web") { $0.networkMode = Located(.host, at: here) }
    let plan = try plan(project([web], networks: [Network(key: "default")]))
    #expect(plan.networks.isEmpty)
    #expect(plan.containers[0].create.hostConfig?.networkMode == "host")
  }

  @Test("joins the network with the highest priority first, by service and container name")
  func priority() throws {
    var front = NetworkAttachment()
    front.priority = 10
    front.aliases = ["www"]
    let web = service("web") {
      $0.containerName = Located("the-web", at: here)
      $0.networks = ["back": NetworkAttachment(), "front": front]
    }
    let container = try plan(
      project([web], networks: [Network(key: "back"), Network(key: "front")])
    ).containers[0]
    let first = try #require(container.create.networkingConfig?.endpointsConfig)
    #expect(first.keys.first?.hasSuffix("_front") == true)
    #expect(first.values.first?.aliases == ["web", "the-web", "www"])
    #expect(container.connections.count == 1)
    #expect(container.name == "t1_the-web")
  }
}
