import PodIdentity
import Testing

@testable import PodObjects

@Suite("The objects of an executor")
struct OwnObjectsTests {
  private func observation(_ identities: PodIdentity...) -> Observation {
    var found = Observation()
    for identity in identities {
      let pid = identity.incarnation.pid.map { "\($0)" } ?? "none"
      found.pods[identity] = DiscoveredPod(
        identity: identity,
        objects: [
          PodObject(.container, "c-\(pid)"), PodObject(.network, "n-\(pid)"),
          PodObject(.volume, "v-\(pid)"),
        ])
    }
    return found
  }

  @Test("are those with its whole identity, created by this process or not")
  func own() {
    let own = observation(Sample.identity()).own(Sample.identity(), made: [])
    #expect(own.objects.map(\.id) == ["c-42", "n-42", "v-42"])
    #expect(!own.hasOthers)
  }

  /// Invariant 4: a new run is never mistaken for the old one.
  @Test("are none of another incarnation, which shares the cgroup of the run")
  func others() {
    for other in [Sample.identity(pid: 43), Sample.identity(startTime: 8)] {
      let found = observation(Sample.identity(), other)
      #expect(found.own(other, made: []).objects == found.pods[other]?.objects)
      #expect(found.own(Sample.identity(), made: []).hasOthers)
    }
    // The executor of a pod that has no object of its own anymore.
    let own = observation(Sample.identity(pid: 43)).own(Sample.identity(), made: ["c-43"])
    #expect(own.objects.isEmpty)
    #expect(own.hasOthers)
  }

  @Test("are only those that it created if the labels don't distinguish incarnations")
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

  @Test("are all of the run under Mesos, whose agents never use a container ID twice")
  func mesos() {
    let identity = Sample.identity(pid: nil, startTime: nil)
    let own = observation(identity).own(identity, made: [])
    #expect(own.objects.count == 3)
    #expect(!own.hasOthers)
  }

  @Test("don't include another task of its executor, which is no other incarnation")
  func tasks() {
    var other = Sample.identity()
    other.taskID = "other"
    let own = observation(other).own(Sample.identity(), made: [])
    #expect(own == Observation.Own())
  }
}
