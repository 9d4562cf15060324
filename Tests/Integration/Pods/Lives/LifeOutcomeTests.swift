import TestSupport
import Testing

/// The last states and messages that the model allows after a history.
@Suite("Outcomes of a pod's lifecycle in the model")
struct LifeOutcomeTests {
  private static func failed(_ message: String) -> (inout LifeScene) -> Void {
    { $0.ends("TASK_FAILED", message, 1) }
  }

  /// The plain pod, whose service `other` exits with a code after one second.
  private static func exit(
    _ code: Int, _ restart: LifePod.Restart = .no
  ) -> LifeScene {
    var scene = LifeScene.plain
    scene.edit("other") { $0.restart = restart }
    scene["other"] = [.init(start: 600, end: (1000, code))]
    scene["app"][0].told = (1300, 15)
    scene["app"][0].end = (1340, 0)
    scene["db"][0].told = (1350, 15)
    scene["db"][0].end = (1390, 0)
    scene.history.ended = 1900
    failed("service 'other' exited with \(code)")(&scene)
    return scene
  }

  private func objects(
    _ scene: LifeScene, _ change: (inout LifeScene) -> Void = { _ in }
  ) -> Bool {
    var scene = scene
    change(&scene)
    return scene.complaints.contains { $0.rule == .outcome }
  }

  @Test("a failing exit fails the pod with its service and code")
  func failure() {
    let scene = Self.exit(3)
    #expect(scene.complaints.isEmpty)
    #expect(objects(scene, Self.failed("service 'app' exited with 3")))
    #expect(objects(scene, Self.failed("service 'other' exited with 4")))
    #expect(objects(scene, Self.failed("service 'other' can't be started")))
    #expect(objects(scene) { $0.ends("TASK_FINISHED", "all containers exited with 0", 0) })
    #expect(objects(scene) { $0.history.status = .exited(130) })
    #expect(objects(scene) { $0.history.states = [] })
  }

  @Test("a kill shortly after a failing exit can be the cause; a kill long after it can't")
  func killed() {
    func killed(_ time: Int) -> (inout LifeScene) -> Void {
      {
        $0.ends("TASK_KILLED", "killed by SIGTERM", 130)
        $0.history.terms = [time]
      }
    }
    #expect(!objects(Self.exit(3), killed(1200)))
    #expect(objects(Self.exit(3), killed(1000 + LifeModel.patience + 1)))
    #expect(objects(.plain) { $0.history.terms = [] })
    #expect(objects(.plain, Self.failed("service 'app' exited with 0")))
    #expect(objects(.plain) { $0.history.states[0].message += "; not removed: network x" })
  }

  @Test("the first of two failing exits is the cause")
  func first() {
    let scene = Self.exit(3)
    #expect(
      objects(scene) {
        $0["app"] = [.init(start: 800, end: (2400, 4))]
        Self.failed("service 'app' exited with 4")(&$0)
      })
    #expect(
      !objects(scene) {
        $0["app"] = [.init(start: 800, end: (1100, 4))]
        Self.failed("service 'app' exited with 4")(&$0)
      })
  }

  @Test("a restart policy and its limit decide")
  func policy() {
    #expect(objects(Self.exit(3, .always)))
    #expect(objects(Self.exit(3, .onFailure(limit: nil))))
    #expect(objects(Self.exit(0)))
    var limited = Self.exit(3, .onFailure(limit: 1))
    #expect(objects(limited))
    limited["other"].insert(.init(start: 200, end: (400, 3)), at: 0)
    #expect(!objects(limited))
  }

  @Test("a pod finishes when all services have exited with 0, and not earlier")
  func finished() {
    var scene = LifeScene([.init(name: "a"), .init(name: "b")])
    scene["a"] = [.init(start: 500, end: (900, 0))]
    scene["b"] = [.init(start: 500, end: (1900, 0))]
    scene.ends("TASK_FINISHED", "all containers exited with 0", 0)
    #expect(scene.complaints.isEmpty)
    #expect(objects(scene) { $0["b"][0].told = (1850, 15) })
    #expect(objects(scene) { $0.history.terms = [1000] })
    #expect(
      objects(scene) {
        $0.ends("TASK_KILLED", "killed by SIGTERM", 130)
        $0.history.terms = [1900 + LifeModel.patience + 1]
      })
  }

  @Test("an unhealthy service, a failing pre_start and a lost dependency fail the pod")
  func causes() {
    #expect(
      !objects(Self.exit(0)) {
        $0["other"][0] = .init(start: 600, end: (1400, 0), told: (1300, 15))
        $0["other"][0].unhealthy = 1200
        Self.failed("service 'other' is unhealthy")(&$0)
      })
    #expect(
      !objects(Self.exit(0)) {
        $0.add("app/pre_start", (1200, .died(code: 4)))
        Self.failed("compose.yaml:9:1: the pre_start of service 'app' exited with 4")(&$0)
      })
    var scene = LifeScene([
      .init(name: "a", hasHealthcheck: true),
      .init(name: "b", dependencies: [.init(service: "a", condition: .healthy)]),
    ])
    scene["a"] = [.init(start: 500, end: (900, 0))]
    Self.failed("compose.yaml:9:1: 'b' waits for 'a' to be healthy, but it has exited")(&scene)
    #expect(scene.complaints.isEmpty)
    #expect(objects(scene) { $0.edit("b") { $0.dependencies[0].required = false } })
  }

  @Test("an exit because of a pid namespace is no cause if the owner is restarted")
  func consequence() {
    var scene = LifeScene([
      .init(name: "owner", restart: .always),
      .init(name: "j", joined: .init(namespace: .pid, owner: "owner")),
    ])
    scene["owner"] = [
      .init(start: 500, end: (1000, 1)), .init(start: 1300, end: (3200, 0), told: (3150, 15)),
    ]
    scene["j"] = [
      .init(start: 600, end: (1010, 137)), .init(start: 1400, end: (3050, 0), told: (3010, 15)),
    ]
    #expect(scene.complaints.isEmpty)
    #expect(objects(scene, Self.failed("service 'j' was killed by SIGKILL (137)")))
    // The owner doesn't restart, and the joined service exited with it.
    scene["owner"] = [.init(start: 500, end: (1000, 0))]
    scene["j"] = [.init(start: 600, end: (1010, 137))]
    scene.edit("owner") { $0.restart = .no }
    #expect(objects(scene, Self.failed("service 'j' was killed by SIGKILL (137)")))
    scene.ends("TASK_FINISHED", "all containers exited with 0", 0)
    #expect(scene.complaints.isEmpty)
  }

  @Test("the cause is the killed infrastructure container, not the services that exit with it")
  func infra() {
    var scene = LifeScene([.init(name: "a"), .init(name: "b", restart: .always)])
    scene.round.pod.shared = "pid"
    scene.history.intrusions = [.init(service: "infra", began: 990, ended: 1200)]
    scene["infra"] = [.init(start: 400, end: (1020, 137), told: (1000, 9))]
    for name in ["a", "b"] { scene[name] = [.init(start: 500, end: (1030, 137))] }
    scene.ends(
      "TASK_FAILED",
      "the infrastructure container was killed by SIGKILL (137): it exits only on a signal from outside the pod",
      1)
    #expect(scene.complaints.isEmpty)
    #expect(objects(scene, Self.failed("service 'a' was killed by SIGKILL (137)")))
    #expect(objects(scene) { $0.ends("TASK_FINISHED", "all containers exited with 0", 0) })
    // Without an intrusion, the pod itself removed it.
    #expect(objects(scene) { $0.history.intrusions = [] })
  }

  @Test("a pod has no state exactly if it exits before it runs its own code")
  func early() {
    var scene = LifeScene([.init(name: "a")])
    scene.history.states = []
    scene.history.terms = [20]
    scene.history.status = .signaled(15)
    #expect(scene.complaints.isEmpty)
    #expect(objects(scene) { $0.history.terms = [900] })
    #expect(objects(scene) { $0.history.status = .exited(0) })
    #expect(objects(scene) { $0["a"] = [.init(start: 100, end: (200, 0))] })
  }
}
