import Compose
import DockerEngine
import OrderedCollections
import Testing
import YAML

@testable import PodRuntime

@Suite("A service with several containers")
struct ScaleTests {
  private func web(_ count: Int, _ change: (inout Service) -> Void = { _ in }) -> Service {
    service("web") {
      $0.scale = Located(count, at: at(9))
      change(&$0)
    }
  }

  @Test("gets a port for each in order, or a sufficient range")
  func ports() throws {
    let both = [
      web(2) { $0.ports = [port(80), port(81)] }, service("b") { $0.ports = [port(90)] },
    ]
    let offered = try PortAssignment(project: project(both), offered: [5, 4, 3, 2, 1])
    #expect(
      offered.services.mapValues { $0.map(\.host.description) }
        == ["web/1": ["5", "4"], "web/2": ["3", "2"], "b": ["1"]])
    let range = project([web(2) { $0.ports = [port(80, "8080-8081")] }])
    #expect(try PortAssignment(project: range, offered: nil).count == 2)
    for published in ["8080", "8080-8081"] {
      let tooFew = project([web(3) { $0.ports = [port(80, published)] }])
      let error = #expect(throws: DiagnosticError.self) {
        try PortAssignment(project: tooFew, offered: nil)
      }
      #expect(error?.message.contains("publish a range, 8080-8082") == true)
    }
    let named = project([web(2) { $0.ports = [port(80, "4")] }])
    #expect(throws: DiagnosticError.self) { try PortAssignment(project: named, offered: [5, 4]) }
  }

  @Test("is linked to and awaited as a whole, and its first container is shared")
  func references() throws {
    let plan = try plan(
      project([
        web(2), service("idle") { $0.scale = Located(0, at: here) },
        service("asker") {
          $0.links = [Located(Link(target: "web", alias: "w"), at: here)]
          $0.pid = Located(.service("web"), at: here)
        },
      ]))
    #expect(plan.containers.map(\.name) == ["t1_web-1", "t1_web-2", "t1_asker"])
    #expect(
      plan.containers.map { $0.create.labels?["com.docker.compose.container-number"] }
        == ["1", "2", "1"])
    let asker = plan.containers[2]
    #expect(asker.references.first == .pid("web/1"))
    #expect(asker.references.contains(.link("web/2", alias: "web-2")))
    #expect(asker.references.filter { $0.key == "web/2" }.count == 3)
    #expect(asker.dependencies.map(\.service) == ["web"])
  }

  @Test("with too many containers is refused with its line, whatever the number")
  func tooMany() throws {
    #expect(try plan(project([web(PodPlanner.mostContainers)])).containers.count == 1000)
    for count in [PodPlanner.mostContainers + 1, Int.max] {
      let error = #expect(throws: DiagnosticError.self) { try plan(project([web(count)])) }
      #expect(error?.position == at(9) && error?.message.contains("maximum is 1000") == true)
    }
  }

  @Test("with none can't be shared from, and a pod has at least one container")
  func none() {
    let joined = service("guest") { $0.pid = Located(.service("web"), at: at(4)) }
    let error = #expect(throws: DiagnosticError.self) { try plan(project([web(0), joined])) }
    #expect(error?.position == at(4))
    #expect(throws: DiagnosticError.self) { try plan(project([web(0)])) }
  }

  @Test("has seccomp profiles without the blanks between their tokens")
  func compact() {
    let text = "{ \"a b\" : [ 1 ,\n\t\"c \\\" d\" ] }"
    #expect(SeccompProfiles.compact(text) == "{\"a b\":[1,\"c \\\" d\"]}")
  }
}
