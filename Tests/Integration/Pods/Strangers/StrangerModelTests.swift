import TestSupport
import Testing

@Suite("The model of a pod next to a stranger")
struct StrangerModelTests {
  private static let web = StrangerPod.Service(
    name: "web", work: .forever(exit: 0), restart: .always, hasHealthcheck: true)
  private static let plain = StrangerPod.Service(name: "plain", work: .forever(exit: 0))
  private static let job = StrangerPod.Service(
    name: "job", work: .job(milliseconds: 500, exit: 0), replicas: 2)

  private static let restart = StrangerOperation.restartEngine(kill: false, live: false)

  private func complaint(
    _ services: [StrangerPod.Service], _ events: [StrangerEvent], end: StrangerEnd = .settled,
    image: StrangerPod.Image = .shared, _ outcome: StrangerOutcome
  ) -> String? {
    StrangerModel(
      pod: StrangerPod(services: services, image: image), end: end, events: events,
      image: "nowhere/image:1"
    ).complaint(about: outcome)
  }

  private func complaint(
    _ services: [StrangerPod.Service], end: StrangerEnd = .settled, _ outcome: StrangerOutcome
  ) -> String? {
    complaint(services, [], end: end, outcome)
  }

  private func event(
    _ operation: StrangerOperation, _ states: [String: [String]] = [:], succeeded: Bool = true
  ) -> StrangerEvent {
    StrangerEvent(operation: operation, succeeded: succeeded, states: states)
  }

  private static func failed(_ message: String) -> StrangerOutcome {
    StrangerOutcome(state: "TASK_FAILED", status: .exited(1), message: message)
  }

  private static let killed = StrangerOutcome(state: "TASK_KILLED", status: .exited(130))
  private static let finished = StrangerOutcome(
    state: "TASK_FINISHED", status: .exited(0), marks: ["job": 2])

  @Test("a pod of jobs finishes, a pod with a service that never completes is killed")
  func ends() {
    #expect(complaint([Self.job], Self.finished) == nil)
    #expect(complaint([Self.web], Self.killed) == nil)
    #expect(complaint([Self.web, Self.job], Self.finished) != nil)
    #expect(complaint([Self.job], Self.killed) != nil)
    #expect(complaint([Self.job], end: .term(milliseconds: 100), Self.killed) == nil)
  }

  @Test("an exit 0 of a job by the engine's shutdown does not make the pod finish")
  func fakeSuccess() {
    let restarted = event(Self.restart, ["job": ["running", "exited"]])
    var outcome = Self.finished
    outcome.marks = ["job": 1]
    #expect(complaint([Self.job], [restarted], outcome)?.contains("1 of 2 jobs") == true)
    #expect(complaint([Self.job], [restarted], Self.finished) == nil)
  }

  @Test(
    "maintenance of the engine fails no pod",
    arguments: [
      StrangerOperation.prune(.container, all: false), .prune(.network, all: false),
      .prune(.volume, all: false), .systemPrune(all: false, volumes: true), .rename("web"),
      .update("web"), .tag, .commitAndRun("web"), .connect("web"),
      .disconnect("web", milliseconds: 1),
      .hangEngine(milliseconds: 10_000), .restartEngine(kill: false, live: true),
    ])
  func maintenance(operation: StrangerOperation) {
    let messages = [
      "the container of service 'web' was removed by someone else", "network x not found",
      "service 'web' exited with 0", "service 'web' was killed by SIGKILL (137)",
    ]
    for message in messages {
      #expect(complaint([Self.web], [event(operation)], Self.failed(message)) != nil)
    }
    #expect(complaint([Self.web], [event(operation)], Self.killed) == nil)
  }

  @Test("a removed container fails the pod by name, unless it had completed")
  func removed() {
    let message = "the container of service 'web' was removed by someone else"
    let removal = event(.remove("web"), ["web": ["running"]])
    #expect(complaint([Self.web], [removal], Self.failed(message)) == nil)
    #expect(complaint([Self.web], [removal], Self.failed("network x not found")) != nil)
    // Its policy can start it again.
    #expect(complaint([Self.web], [removal], Self.killed) == nil)
    #expect(
      complaint([Self.plain], [event(.remove("plain"), ["plain": ["running"]])], Self.killed) != nil
    )
    // A service that fails at first can be about to be retried.
    var flaky = Self.job
    flaky.work = .flaky(milliseconds: 100)
    flaky.restart = .onFailure
    let pending = event(.remove("job"), ["job": ["exited", "exited"]])
    let gone = Self.failed("the container of service 'job' was removed by someone else")
    #expect(complaint([flaky], [pending], gone) == nil)
    #expect(complaint([Self.job], [pending], gone) != nil)
    let late = event(.remove("job"), ["job": ["exited", "exited"]])
    #expect(
      complaint([Self.job], [late], Self.failed(message.replacing("web", with: "job"))) != nil)
    let refused = event(.remove("web"), ["web": ["running"]], succeeded: false)
    #expect(complaint([Self.web], [refused], Self.failed(message)) != nil)
  }

  @Test("an engine restart fails the services without a policy, and the message names it")
  func engineRestart() {
    let restarted = event(Self.restart, ["web": ["running"], "plain": ["running"]])
    let good = "service 'plain' exited with 0 when the engine was restarted"
    #expect(complaint([Self.web, Self.plain], [restarted], Self.failed(good)) == nil)
    #expect(
      complaint([Self.web, Self.plain], [restarted], Self.failed("service 'plain' exited with 0"))
        != nil)
    #expect(complaint([Self.web, Self.plain], [restarted], Self.killed) != nil)
    #expect(complaint([Self.web], [restarted], Self.killed) == nil)
    #expect(
      complaint([Self.web], [restarted], Self.failed(good.replacing("plain", with: "web"))) != nil)
    let completed = event(Self.restart, ["job": ["exited", "exited"]])
    #expect(
      complaint([Self.job], [completed], Self.failed(good.replacing("plain", with: "job"))) != nil)
  }

  @Test("a missing engine can fail the pod at the executor's start, but not later")
  func engineAbsent() {
    let message = "Docker Engine: GET /_ping: cannot connect to unix:///docker.sock"
    let live = StrangerOperation.restartEngine(kill: true, live: true)
    #expect(complaint([Self.web], [event(live)], Self.failed(message)) == nil)
    let later = event(live, ["web": ["created"]])
    #expect(complaint([Self.web], [later], Self.failed(message)) != nil)
  }

  @Test("a suspended container can become unhealthy if it has a health check")
  func suspended() {
    let message = "service 'web' is unhealthy"
    #expect(
      complaint([Self.web], [event(.pause("web", milliseconds: 9))], Self.failed(message)) == nil)
    #expect(
      complaint([Self.web], [event(.freeze("web", milliseconds: 9))], Self.failed(message)) == nil)
    #expect(complaint([Self.web], [event(.rename("web"))], Self.failed(message)) != nil)
    #expect(
      complaint(
        [Self.plain], [event(.pause("plain", milliseconds: 9))],
        Self.failed("service 'plain' is unhealthy")) != nil)
  }

  @Test("a removed image fails the pod by its name, unless a registry has it")
  func image() {
    let message = "service 'web' can't be created: no such image: nowhere/image:1"
    for operation in [StrangerOperation.removeImage, .prune(.image, all: true)] {
      #expect(complaint([Self.web], [event(operation)], Self.failed(message)) == nil)
      #expect(
        complaint([Self.web], [event(operation)], image: .registry, Self.failed(message)) != nil)
    }
    #expect(complaint([Self.web], [event(.prune(.image, all: false))], Self.failed(message)) != nil)
  }

  @Test("exit code and state agree, and only a network with the stranger in it can be left")
  func leftovers() {
    #expect(complaint([Self.web], StrangerOutcome(state: "TASK_KILLED", status: .exited(1))) != nil)
    let left = StrangerOutcome(
      state: "TASK_KILLED", status: .exited(1), message: "killed; not removed: network x")
    #expect(complaint([Self.web], left) != nil)
    #expect(complaint([Self.web], [event(.visit(milliseconds: 9))], left) == nil)
    #expect(complaint([Self.web], StrangerOutcome(state: nil, status: .signaled(9))) != nil)
    #expect(
      complaint(
        [Self.web], end: .kill(milliseconds: 1), StrangerOutcome(state: nil, status: .signaled(9)))
        == nil)
  }

  @Test("the same seed generates the same round, and every file has two to six services")
  func generated() {
    for seed in 0..<200 as Range<UInt64> {
      var (first, second) = (StrangerGenerator(seed: seed), StrangerGenerator(seed: seed))
      let round = first.next()
      #expect(round == second.next())
      #expect((2...6).contains(round.pod.services.count))
      #expect((1...5).contains(round.steps.count))
    }
    let seeds = Set((1...200).map { StrangerGenerator.seed(of: $0, in: 7) })
    #expect(seeds.count == 200)
  }
}
