import PodIdentity
import Testing

@testable import Cgroups

@Suite("Paths of cgroups")
struct CgroupPathTests {
  private let container = String(repeating: "0a", count: 32)

  @Test(
    "are a run's cgroup only if they are canonical",
    arguments: [
      ("/mesos/run-1", true), ("/a/b/run-1", true), ("/run-1", false), ("mesos/run-1", false),
      ("/mesos/../run-1", false), ("/mesos/./run-1", false), ("/mesos//run-1", false),
      ("/mesos/run-2", false), ("/mesos/run-1/", false), ("", false),
      ("/composepods.slice/composepods-run_1.slice", true),
      ("/composepods.slice/composepods-run_2.slice", false),
      ("/elsewhere/composepods-run_1.slice", false),
    ])
  func runs(_ path: String, _ isRun: Bool) {
    #expect(CgroupPath.isRun(path, "run-1") == isRun)
  }

  @Test("show whether an agent owns them, and the run")
  func owners() throws {
    let slice = try #require(PodSlice(run: "run-1", parent: "mesos.slice")).path
    for (path, isOwn, root) in [
      ("/mesos/run-1", false, "mesos"), ("/compose-pods/run-1", true, "compose-pods"),
      ("/a/compose-pods/run-1", false, "a/compose-pods"),
      (slice, true, "mesos.slice/mesos-composepods.slice"),
    ] {
      #expect(CgroupPath.isOwn(path) == isOwn)
      #expect(CgroupPath.root(of: path) == root)
      #expect(CgroupPath.run(of: path) == "run-1")
    }
  }

  @Test("are composed from a container's ID, which is found again")
  func containers() throws {
    let slice = try #require(PodSlice(run: "run-1")).path
    for (path, name) in [("/mesos/run-1", container), (slice, "docker-\(container).scope")] {
      #expect(CgroupPath.container(container, below: path) == "\(path)/\(name)")
      #expect(CgroupPath.container(named: name, below: path) == container)
      for other in ["leaf", "docker-.scope", "docker-\(container)", container.uppercased()] {
        #expect(CgroupPath.container(named: other, below: path) == nil)
      }
    }
    #expect(CgroupPath.container(named: "docker-\(container).scope", below: "/mesos/r") == nil)
  }

  @Test("have runs' names only if agents can have created them")
  func names() {
    #expect(CgroupPath.isRunName("5c1d6ff5-0c3a-4f6b-9a0e-1f2d3c4b5a69"))
    for name in ["", "run-1", "5c1d6ff5-0c3a-4f6b-9a0e", "5c1d6ff5-0c3a-4f6b-9a0e-1f2d3c4b5a6g"] {
      #expect(!CgroupPath.isRunName(name))
    }
  }
}
