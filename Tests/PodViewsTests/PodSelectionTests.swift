import PodIdentity
import PodObjects
import Testing

@testable import PodViews

@Suite("The selection of pods")
struct PodSelectionTests {
  let pods = [
    Samples.pod(task: "web.1", executor: "exec-a", run: "3b6bc6e5", framework: "F-1"),
    Samples.pod(task: "web.10", executor: "exec-b", run: "5f0c7b1e", framework: "F-2"),
    Samples.pod(task: "api", executor: "exec-c", run: "5f0caaaa", framework: "F-2"),
    // A group: several tasks of one executor and run.
    Samples.pod(task: "group-x", executor: "group", run: "9999", framework: "G"),
    Samples.pod(task: "group-y", executor: "group", run: "9999", framework: "G"),
  ]

  private func one(_ pod: String?, _ framework: String? = nil) throws -> String {
    try PodSelection(pod: pod, framework: framework).one(of: pods).identity.taskID
  }

  @Test(
    "each kind of ID selects its pod, in full and as a prefix",
    arguments: [
      ("web.10", "web.10"), ("exec-b", "web.10"), ("5f0c7b1e", "web.10"),
      ("ap", "api"), ("exec-c", "api"), ("3b", "web.1"), ("5f0ca", "api"), ("group-y", "group-y"),
    ])
  func each(_ text: String, _ task: String) throws { #expect(try one(text) == task) }

  @Test("an exact match takes precedence over prefixes")
  func exact() throws { #expect(try one("web.1") == "web.1") }

  @Test(
    "an ID that matches several pods is refused, and one line lists the candidates",
    arguments: ["web", "exec-", "5f0c", "group", "9999"])
  func several(_ text: String) throws {
    let failure = try #require(throws: PodSelection.Failure.self) { try one(text) }
    #expect(failure.description.hasPrefix("'\(text)' matches "))
    #expect(!failure.description.contains("\n"))
    for pod in pods where pod.identity.taskID.hasPrefix(text) {
      #expect(failure.description.contains(pod.identity.taskID))
    }
  }

  @Test("candidates of several frameworks are listed with their framework, those of one aren't")
  func frameworks() throws {
    let two = try #require(throws: PodSelection.Failure.self) { try one("web") }
    #expect(
      two.description
        == "'web' matches 2 pods: web.1 (run 3b6bc6e5, framework F-1), web.10 (run 5f0c7b1e, framework F-2)"
    )
    let same = try #require(throws: PodSelection.Failure.self) { try one("group") }
    #expect(same.description == "'group' matches 2 pods: group-x (run 9999), group-y (run 9999)")
  }

  @Test("an ID that matches no pod is refused", arguments: ["", "nothing", "web.100", "eb.1"])
  func none(_ text: String) throws {
    let failure = try #require(throws: PodSelection.Failure.self) { try one(text) }
    #expect(failure.description == "no pod matches '\(text)'")
  }

  @Test("a framework narrows the selection, in full and as a prefix")
  func narrowed() throws {
    #expect(try one("web", "F-1") == "web.1")
    #expect(try one("web", "F-2") == "web.10")
    #expect(try one("group-x", "G") == "group-x")
    let failure = try #require(throws: PodSelection.Failure.self) { try one("api", "F-1") }
    #expect(failure.description == "no pod matches 'api' in framework 'F-1'")
  }

  @Test("a framework alone selects its pods, and its only pod where one is required")
  func alone() throws {
    let selection = PodSelection(pod: nil, framework: "F-2")
    #expect(try selection.pods(of: pods).map(\.identity.taskID) == ["web.10", "api"])
    #expect(try one(nil, "F-1") == "web.1")
    #expect(try PodSelection(pod: nil).pods(of: pods).count == pods.count)
    let failure = try #require(throws: PodSelection.Failure.self) { try one(nil, "G") }
    #expect(failure.description.hasPrefix("framework 'G' has 2 pods: group-x"))
  }

  @Test("a framework's prefix that matches several is refused, and one that matches none")
  func unclearFramework() throws {
    let failure = try #require(throws: PodSelection.Failure.self) { try one("web", "F-") }
    #expect(failure.description == "'F-' matches 2 frameworks: F-1, F-2")
    let none = try #require(throws: PodSelection.Failure.self) { try one(nil, "X") }
    #expect(none.description == "no pod of a framework that matches 'X'")
    // Pods of `run` have no framework.
    #expect(throws: PodSelection.Failure.self) { try one("web", "") }
  }

  @Test("ten of many candidates are listed")
  func many() throws {
    let pods = (0..<200).map { Samples.pod(task: "t\($0)", run: "r\($0)") }
    let failure = try #require(throws: PodSelection.Failure.self) {
      try PodSelection(pod: "t").one(of: pods)
    }
    #expect(failure.description.hasPrefix("'t' matches 200 pods: t0 (run r0), "))
    #expect(failure.description.hasSuffix("t9 (run r9) and 190 more"))
  }

  @Test("IDs are compared by bytes: composed and decomposed letters differ")
  func bytes() {
    let pods = [Samples.pod(task: "caf\u{e9}", run: "1")]
    #expect(throws: PodSelection.Failure.self) {
      try PodSelection(pod: "cafe\u{301}").one(of: pods)
    }
  }

  @Test("the containers of a pod are classified by their purpose")
  func roles() throws {
    let pod = Samples.pod([
      try Samples.container("web", number: "2"), try Samples.container("web", number: "1"),
      try Samples.container("db"), try Samples.container("web", number: "", oneOff: true),
      try Samples.container("infra", oneOff: true),
      try Samples.container("", number: "", oneOff: true),
    ])
    #expect(pod.containers.map(\.role) == [.service, .service, .service, .secrets, .infra, .hook])
    #expect(pod.services.map(\.displayName) == ["db", "web-1", "web-2"])
    #expect(pod.containers(of: "web").map(\.number) == [1, 2])
    #expect(pod.containers(of: "web-2").map(\.number) == [2])
    #expect(pod.containers(of: "infra").isEmpty)
  }
}
