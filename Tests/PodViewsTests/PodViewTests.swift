import DockerEngine
import PodControl
import PodIdentity
import PodObjects
import Testing

@testable import PodViews

@Suite("A pod's view")
struct PodViewTests {
  private func status(
    _ state: PodStatus.State = .running, services: [PodStatus.Service] = [],
    ports: [PodStatus.Port] = [], cpus: Double? = 2, memory: Int64? = 512 << 20
  ) -> PodStatus {
    PodStatus(
      task: "web.1", run: "run-1", state: state, message: "waits for db", cpus: cpus,
      memory: memory, sandbox: "/sandbox", services: services, ports: ports)
  }

  private func reported(
    _ name: String, container: String? = nil, state: String = "running", restarts: Int = 0,
    exitCode: Int? = nil
  ) -> PodStatus.Service {
    PodStatus.Service(
      name: name, container: container, state: state, health: nil, restarts: restarts,
      exitCode: exitCode)
  }

  @Test("restarts are added up, whatever numbers an executor sends")
  func restarts() {
    func sum(_ numbers: [Int]) -> Int? {
      let services = numbers.map { reported("web", restarts: $0) }
      return PodView(pod: Samples.pod(), executor: .alive, status: status(services: services))
        .restarts
    }
    #expect(sum([2, 3]) == 5)
    #expect(sum([.max, .max]) == .max)
    #expect(sum([.min, .min, 1]) == 1)
  }

  @Test(
    "an executor's state is the pod's",
    arguments: [
      (PodStatus.State.launching, PodState.launching), (.running, .running),
      (.unhealthy, .unhealthy), (.stopping, .stopping),
    ])
  func reported(_ state: PodStatus.State, _ shown: PodState) {
    let view = PodView(pod: Samples.pod(), executor: .alive, status: status(state))
    #expect(view.state == shown)
    #expect(view.message == "waits for db")
  }

  @Test("an executor's response may contain any number")
  func extremes() {
    let services = ["a", "b"].map { reported($0, restarts: .max, exitCode: .min) }
    let port = PodStatus.Port(service: "a", container: .max, host: .min, protocolName: "")
    var view = PodView(
      pod: Samples.pod(), executor: .alive,
      status: status(services: services, ports: [port], cpus: 1e308, memory: .min))
    #expect(view.restarts == .max)
    view.processors = 1
    #expect(!PodDocument.list([view], now: .max).isEmpty)
  }

  @Test("without a response the state follows from the process and the containers")
  func derived() throws {
    func state(_ executor: ExecutorPresence, _ containers: [ListedContainer]) -> PodState {
      PodView(pod: Samples.pod(containers), executor: executor, status: nil).state
    }
    let up = try Samples.container("web")
    let sick = try Samples.container("db", status: "Up 3 minutes (unhealthy)")
    let exited = try Samples.container("job", state: "exited", status: "Exited (0) 1 second ago")
    #expect(state(.dead, [up]) == .orphaned)
    #expect(state(.unknown("hidepid"), [up]) == .unknown)
    #expect(state(.alive, [up, exited]) == .running)
    #expect(state(.alive, [up, sick]) == .unhealthy)
    #expect(state(.alive, [exited]) == .unknown)
    #expect(state(.alive, []) == .unknown)
  }

  @Test("a paused container is shown as paused, whatever its executor reports")
  func paused() throws {
    func state(_ reported: String) throws -> [String] {
      PodView(
        pod: Samples.pod([
          try Samples.container("web", id: "aa", state: "paused", status: "Up 1 minute (Paused)")
        ]), executor: .alive,
        status: PodStatus(
          task: "web.1", run: "run-1", state: .running, message: "", cpus: nil, memory: nil,
          sandbox: nil,
          services: [
            .init(
              name: "web", container: "aa", state: reported, health: nil, restarts: 0, exitCode: nil
            )
          ], ports: [])
      ).services.map(\.state)
    }
    #expect(try state("running") == ["paused"])
    #expect(try state("stopping") == ["stopping"])
  }

  @Test("an executor of an earlier boot is dead, that of another host is unknown")
  func boots() {
    let here = HostView(bootID: "now", machineID: "machine", failure: nil)
    var identity = Samples.identity()
    #expect(ExecutorPresence(of: identity, on: here) == .dead)
    identity.host = HostIdentity(machineID: "other")
    guard case .unknown = ExecutorPresence(of: identity, on: here) else {
      Issue.record("the verdict on another host's pod was requested")
      return
    }
    let blind = HostView(bootID: "boot", machineID: "machine", failure: "no /proc")
    #expect(ExecutorPresence(of: Samples.identity(), on: blind) == .unknown("no /proc"))
  }

  @Test("services are those listed and those planned, matched by container, then by name")
  func services() throws {
    let view = PodView(
      pod: Samples.pod([
        try Samples.container("web", number: "1", id: "aa"),
        try Samples.container("web", number: "2", id: "bb"),
        try Samples.container(
          "job", id: "cc", state: "exited", status: "Exited (3) 1 second ago"),
        try Samples.container("infra", oneOff: true, id: "dd"),
      ]), executor: .alive,
      status: status(services: [
        reported("web-2", container: "bb", restarts: 4),
        reported("web-1", container: "aa", restarts: 1),
        reported("job", container: "old", state: "exited", exitCode: 1),
        reported("db", state: "planned"), reported("infra", container: "dd"),
      ]))
    #expect(view.services.map(\.name) == ["db", "job", "web-1", "web-2"])
    #expect(view.services.map(\.state) == ["planned", "exited", "running", "running"])
    #expect(view.services.map(\.exitCode) == [nil, 3, nil, nil])
    #expect(view.services.map(\.id) == [nil, "cc", "aa", "bb"])
    #expect(view.up == 2)
    #expect(view.restarts == 5)
    #expect(view.processorLimit == 2)
    #expect(view.memoryLimit == 512 << 20)
  }

  @Test("ports that the shared network's container publishes belong to their services")
  func sharedPorts() throws {
    let ports = #"""
      [{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 31000, "Type": "tcp"},
       {"IP": "::", "PrivatePort": 80, "PublicPort": 31000, "Type": "tcp"},
       {"PrivatePort": 81, "Type": "tcp"},
       {"IP": "0.0.0.0", "PrivatePort": 53, "PublicPort": 31001, "Type": "udp"}]
      """#
    let view = PodView(
      pod: Samples.pod([
        try Samples.container("web"), try Samples.container("infra", oneOff: true, ports: ports),
      ]), executor: .alive,
      status: status(ports: [
        .init(service: "web", container: 80, host: 31000, protocolName: "tcp")
      ]))
    #expect(view.services[0].ports.map(\.text) == ["31000->80"])
    #expect(view.ports.map(\.text) == ["31000->80", "31001->53/udp"])
  }

  @Test("processor usage is the difference between two samples, and never negative")
  func processors() {
    func figures(_ seconds: Double?) -> CgroupFigures {
      var figures = CgroupFigures()
      figures.seconds = seconds
      return figures
    }
    #expect(PodView.processors(figures(1), figures(1.5), .seconds(2)) == 0.25)
    #expect(PodView.processors(figures(2), figures(1), .seconds(1)) == nil)
    #expect(PodView.processors(nil, figures(1), .seconds(1)) == nil)
    #expect(PodView.processors(figures(1), figures(2), .zero) == nil)
  }
}
