import PodIdentity
import Testing

@testable import PodObjects

@Suite("What an executor may call its own")
struct OwnObjectsTests {
  private func observation(_ identities: PodIdentity...) -> Observation {
    var found = Observation()
    for identity in identities {
      let pid = identity.incarnation.pid.map { "\($0)" } ?? "none"
      found.pods[identity] = ObservedPod(
        identity: identity,
        objects: [
          PodObject(.container, "c-\(pid)"), PodObject(.network, "n-\(pid)"),
          PodObject(.volume, "v-\(pid)"),
        ])
    }
    return found
  }

  @Test("is whatever bears its whole identity, made by this process or not")
  func own() {
    let own = observation(Sample.identity()).own(Sample.identity(), made: [])
    #expect(own.objects.map(\.id) == ["c-42", "n-42", "v-42"])
    #expect(!own.hasOthers)
  }

  /// Invariant 4: a new run is never mistaken for the old one.
  @Test("is nothing of another incarnation, which shares the cgroup of the run")
  func others() {
    for other in [Sample.identity(pid: 43), Sample.identity(startTime: 8)] {
      let found = observation(Sample.identity(), other)
      #expect(found.own(other, made: []).objects == found.pods[other]?.objects)
      #expect(found.own(Sample.identity(), made: []).hasOthers)
    }
    // The executor of a pod that has no object of its own any more.
    let own = observation(Sample.identity(pid: 43)).own(Sample.identity(), made: ["c-43"])
    #expect(own.objects.isEmpty)
    #expect(own.hasOthers)
  }

  @Test("is only what it has made, where the labels don't tell incarnations apart")
  func ambiguous() {
    let identity = Sample.identity(pid: nil, startTime: nil, agentID: "")
    let found = observation(identity)
    let part = found.own(identity, made: ["c-none"])
    #expect(part.objects.map(\.id) == ["c-none"])
    #expect(part.hasOthers)
    let whole = found.own(identity, made: ["c-none", "n-none", "v-none"])
    #expect(whole.objects.map(\.id) == ["c-none", "n-none", "v-none"])
    #expect(!whole.hasOthers)
    #expect(found.own(identity, made: []).objects.isEmpty)
  }

  @Test("is everything under Mesos, whose agents never make the same run twice")
  func mesos() {
    let identity = Sample.identity(pid: nil, startTime: nil)
    let own = observation(identity).own(identity, made: [])
    #expect(own.objects.count == 3)
    #expect(!own.hasOthers)
  }

  @Test("does not include another task of its executor, which is no other incarnation")
  func tasks() {
    var other = Sample.identity()
    other.taskID = "other"
    let own = observation(other).own(Sample.identity(), made: [])
    #expect(own == Observation.Own())
  }
}
