import PodIdentity
import Testing

@testable import PodObjects
@testable import Reaping

@Suite("A dead executor's pod with a container about which the engine doesn't respond")
struct IncompletePodTests {
  /// Invariant 3: in doubt the pod is left alone.
  @Test("is undecided, and shares its cgroup with nothing that is removed")
  func undecided() {
    for isIncomplete in [false, true] {
      // An executor of an earlier boot is dead.
      let identity = Sample.identity(boot: "boot-0")
      var pod = DiscoveredPod(identity: identity, objects: [PodObject(.network, "n1")])
      pod.isIncomplete = isIncomplete
      var found = Observation()
      found.pods[identity] = pod
      let survey = Survey(
        run: nil, host: Sample.host, bootID: "boot-1", cgroups: nil, slices: PodSlices(),
        strangers: [], engine: found, time: .now)
      var evidence = EvidenceStore()
      evidence.begin(survey.pods.keys, at: survey.time)
      let assessment = Assessment(survey, .none, by: evidence, grace: .zero)
      let state = assessment.verdicts[identity]?.state
      #expect(state == (isIncomplete ? Verdict.State.undecided : .leaked))
      #expect(assessment.leaked.isEmpty == isIncomplete && assessment.expired.isEmpty)
      #expect(assessment.isDead(identity) != isIncomplete)
      #expect(assessment.isShared(identity.cgroupParent) == isIncomplete)
    }
  }
}
