import Glibc
import PodIdentity
import Testing

@testable import PodObjects
@testable import Reaping

@Suite("A host with many pods", .timeLimit(.minutes(5)))
struct ManyPodsTests {
  /// An identity of this process, so that it is alive, with its own run.
  private func identity(_ number: Int, _ own: Incarnation) -> PodIdentity {
    PodIdentity(
      frameworkID: "f", executorID: "executor-\(number)", taskID: "t", run: "run-\(number)",
      agentID: "a", incarnation: own, host: HostIdentity(machineID: nil),
      cgroupParent: "/mesos/run-\(number)")
  }

  /// CPU seconds for handling the leases of this number of pods, each of which has one, and of as
  /// many exited executors.
  private func seconds(_ count: Int) throws -> Double {
    let own = Incarnation.current()
    let pid = try #require(own.pid)
    let start = try #require(own.startTime)
    var store = EvidenceStore()
    var found = Observation()
    for number in 0..<count {
      let identity = identity(number, own)
      found.pods[identity] = DiscoveredPod(identity: identity)
      _ = store.handle(
        LeaseEvent.held(LeaseHolder(run: identity.run, pid: pid, startTime: start, cgroups: [])))
      _ = store.handle(
        LeaseEvent.ended(LeaseHolder(run: "other-\(number)", pid: pid, startTime: 1, cgroups: [])))
    }
    let survey = Survey(
      run: nil, host: Sample.host, bootID: own.bootID, cgroups: nil, slices: PodSlices(),
      strangers: [], engine: found, time: .now)
    store.begin(survey.pods.keys, at: survey.time)
    let begin = processorSeconds()
    let living = store.gather(survey, .none, nil)
    let used = processorSeconds() - begin
    #expect(living.count == count)
    for identity in living {
      #expect(store.records[identity]?.newest(.lease)?.finding == .leaseHeld)
    }
    return used
  }

  /// The CPU time of this thread: other tests run at the same time.
  private func processorSeconds() -> Double {
    var time = (seconds: 0, nanoseconds: 0)
    withUnsafeMutablePointer(to: &time) {
      $0.withMemoryRebound(to: timespec.self, capacity: 1) {
        _ = clock_gettime(CLOCK_THREAD_CPUTIME_ID, $0)
      }
    }
    return Double(time.seconds) + Double(time.nanoseconds) / 1e9
  }

  @Test("handles their leases in time proportional to their number")
  func leases() throws {
    let few = try seconds(400)
    // The shortest of several measurements has the least of other work in it.
    let many = try (0..<3).map { _ in try seconds(3200) }.min() ?? .infinity
    // Eight times as many; comparing each with each would take 64 times as long.
    #expect(many < few * 24 + 0.2, "\(few) s, \(many) s")
  }

  @Test("runs one pass for the exits of many executors")
  func requests() {
    let requests = PassRequests()
    for number in 0..<PassRequests.mostRuns {
      requests.add(run: "run-\(number)")
      requests.add(run: "run-0")
    }
    let few = requests.take()
    #expect(!few.everything && few.runs.count == PassRequests.mostRuns)
    for number in 0...PassRequests.mostRuns { requests.add(run: "run-\(number)") }
    #expect(requests.take().everything)
    #expect(requests.take().isEmpty)
  }

  @Test("only knows runs of pods, whatever leases came before")
  func runs() throws {
    let own = Incarnation.current()
    let identity = identity(1, own)
    var store = EvidenceStore()
    let holder = LeaseHolder(
      run: identity.run, pid: try #require(own.pid), startTime: try #require(own.startTime),
      cgroups: [])
    let early = store.handle(LeaseEvent.dropped(holder, processEnded: false))
    #expect(!early)
    #expect(!store.knows(run: identity.run))
    store.begin([identity], at: .now)
    #expect(store.knows(run: identity.run) && !store.knows(run: "run-2"))
    let late = store.handle(LeaseEvent.dropped(holder, processEnded: false))
    #expect(late)
    #expect(store.records[identity]?.newest(.lease)?.finding == .leaseDropped)
  }
}
