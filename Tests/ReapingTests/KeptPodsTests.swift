import DockerEngine
import Foundation
import Linux
import PodIdentity
import PodObjects
import Testing

@testable import Reaping

@Suite("The selection of failed pods to keep")
struct KeptPodsTests {
  private static let now: Int64 = 1_800_000_000
  private let time = BootTime(sinceBoot: .seconds(100_000))

  private func identity(_ task: String) -> PodIdentity {
    PodIdentity(
      frameworkID: "f", executorID: task, taskID: task, run: "run-\(task)", agentID: "a",
      incarnation: Incarnation(bootID: "b", pid: 7, startTime: 8),
      host: HostIdentity(machineID: "m"),
      cgroupParent: "/mesos/run-\(task)")
  }

  /// A pod with one container in the engine's list.
  private func pod(
    _ task: String, name: String? = nil, state: String = "exited", seconds: String = "3600"
  ) throws -> DiscoveredPod {
    let id = String(repeating: "0123456789abcdef", count: 4)
    var labels = identity(task).labels
    labels[PodLabel.keepFailed] = seconds
    labels[PodLabel.composeService] = "web"
    let json = try JSONSerialization.data(withJSONObject: [
      "Id": id, "Names": ["/" + (name ?? "web")], "State": state, "Labels": labels,
      "Created": Self.now - 7200,
    ])
    var pod = DiscoveredPod(
      identity: identity(task), objects: [PodObject(.container, id, name: name)])
    pod.containers = [KeptContainer(try JSONDecoder().decode(ContainerSummary.self, from: json))]
    pod.created = Self.now - 7200
    return pod
  }

  private func kept(_ until: Int64) -> String { "kept-0123456789ab-\(until)-web" }

  private func choose(
    _ pods: [DiscoveredPod], _ state: Verdict.State = .leaked, deadFor: Double = 60,
    limits: (inout KeepLimits) -> Void = { _ in }
  ) -> KeptPods {
    var all = KeepLimits(now: Self.now)
    limits(&all)
    var verdict = Sample.verdict([(100, .processAlive)], now: 101)
    verdict.state = state
    verdict.deadSince = BootTime(sinceBoot: .seconds(100_000 - deadFor))
    return KeptPods(
      Dictionary(uniqueKeysWithValues: pods.map { ($0.identity, $0) }),
      Dictionary(uniqueKeysWithValues: pods.map { ($0.identity, verdict) }), all, at: time)
  }

  @Test("has a pod that its executor has kept until its time is over, whatever the boot")
  func marked() throws {
    let pod = try pod("a", name: kept(Self.now + 10))
    for state in [Verdict.State.leaked, .alive, .undecided] {
      let chosen = choose([pod], state, deadFor: 1e5)
      #expect(chosen.kept[pod.identity]?.until == Self.now + 10 && chosen.dropped.isEmpty)
      #expect(chosen.kept[pod.identity]?.isDone == true)
    }
    let foreign = choose([pod], .foreign)
    #expect(foreign.kept.isEmpty && foreign.dropped.isEmpty)
    // Without these names, a pod of an executor that can be alive is not decided.
    let open = try self.pod("b")
    let undecided = choose([open], .undecided)
    #expect(undecided.kept.isEmpty && undecided.dropped.isEmpty)
    let over = try self.pod("a", name: kept(Self.now))
    #expect(choose([over]).dropped[over.identity]?.contains("is over") == true)
  }

  @Test("drops a pod that couldn't be kept as leaked, unless its executor can be alive")
  func hopeless() throws {
    let pod = try pod("a", state: "running")
    var attempts = KeepAttempts()
    for count in 1...KeepAttempts.most {
      #expect(attempts.hopeless.isEmpty, "\(count)")
      attempts.record(pod.identity, "no space left on device")
    }
    let chosen = choose([pod]) { $0.hopeless = attempts.hopeless }
    #expect(chosen.kept.isEmpty)
    #expect(
      chosen.dropped[pod.identity] == "it couldn't be kept: no space left on device")
    let marked = try self.pod("a", name: kept(Self.now + 10))
    let living = choose([marked], .alive) { $0.hopeless = attempts.hopeless }
    #expect(living.kept.count == 1 && living.dropped.isEmpty)
    attempts.record(pod.identity, nil)
    #expect(attempts.hopeless.isEmpty)
  }

  @Test("keeps a pod whose executor crashed, from its death on")
  func crashed() throws {
    let pod = try pod("a", state: "running")
    #expect(choose([pod]).kept[pod.identity]?.until == Self.now + 3540)
    #expect(choose([pod]).kept[pod.identity]?.isDone == false)
    #expect(choose([pod], deadFor: 3601).kept.isEmpty)
    // A running executor decides itself.
    #expect(choose([pod], .alive).kept.isEmpty)
  }

  @Test(
    "isn't extended by anything in a file",
    arguments: [
      // The name with another container's ID; it is invalid, so the time of death counts.
      ("kept-ffffffffffff-99999999999-web", "3600", 3540 as Int64?),
      // A container's own ID is unknown before its creation, and a time out of range is invalid.
      ("kept-0123456789ab-99999999999999-web", "3600", 3540),
      ("kept-0123456789ab-2000000000-web", "3600", nil), ("web", "0", nil), ("web", "-5", nil),
      ("web", "x", nil), ("web", "", nil), ("web", "99999999999999", 604_740),
    ])
  func forged(name: String, seconds: String, rest: Int64?) throws {
    let pod = try pod("a", name: name, seconds: seconds)
    #expect(choose([pod]).kept[pod.identity].map { $0.until - Self.now } == rest)
  }

  @Test("has the newest pods, and drops the oldest first; none on a full disk")
  func limits() throws {
    let pods = try (1...7).map { try pod("t\($0)", name: kept(Self.now + Int64($0))) }
    let chosen = choose(pods)
    #expect(
      Set(chosen.kept.keys.map(\.taskID)) == ["t3", "t4", "t5", "t6", "t7"]
        && Set(chosen.dropped.keys.map(\.taskID)) == ["t1", "t2"])
    #expect(choose(pods, limits: { $0.most = 0 }).kept.isEmpty)
    #expect(choose(pods, limits: { $0.used = 85 }).kept.count == 5)
    let full = choose(pods, limits: { $0.used = 86 })
    #expect(full.kept.isEmpty && full.dropped.count == 7)
    #expect(full.dropped.values.allSatisfy { $0.contains("86 % full") })
  }

  @Test(
    "neither has nor drops a pod of another host, whose executor's state isn't known",
    arguments: [(nil, true), ("m", true), ("another", false)] as [(String?, Bool)])
  func hosts(machine: String?, isOwn: Bool) throws {
    let pod = try pod("a", name: kept(Self.now + 10))
    let over = try self.pod("b", name: kept(Self.now))
    let chosen = choose([pod, over], .undecided) { $0.machineID = machine }
    #expect(chosen.kept.keys.contains(pod.identity) == isOwn)
    #expect(chosen.dropped.keys.contains(over.identity) == isOwn)
    // It doesn't count for this host's limit either.
    let most = choose([pod], .undecided) {
      $0.machineID = machine
      $0.most = 0
    }
    #expect(most.dropped.isEmpty != isOwn)
    // The process table has shown that this executor is of this host.
    #expect(choose([over], .alive) { $0.machineID = machine }.dropped.count == 1)
  }

  @Test("keeps pods while the clock is behind")
  func clock() throws {
    let pod = try pod("a", name: kept(Self.now + 10))
    let chosen = choose([pod]) { $0.now = Self.now - 100_000_000 }
    #expect(chosen.kept[pod.identity]?.until == Self.now + 10)
  }
}
