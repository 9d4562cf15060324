import Compose
import OrderedCollections
import Testing
import YAML

@testable import PodRuntime

private func role(_ name: String, _ role: ServiceRole?, _ needs: [String] = []) -> Service {
  service(name) { service in
    service.podSettings.role = role.map { Located($0, at: at(3)) }
    for other in needs { service.dependencies[other] = Dependency(position: at(9)) }
  }
}

private func roles(
  _ services: [Service], _ change: (inout PodOptions) -> Void = { _ in }
) throws(DiagnosticError) -> PodRoles {
  var options = PodOptions()
  change(&options)
  return try PodRoles(project(services), options)
}

@Suite("The roles of services")
struct PodRolesTests {
  @Test("default to main; an option overrides the file")
  func precedence() throws {
    let plain = try roles([role("a", nil), role("b", nil)])
    #expect(!plain.isExplicit && plain["a"] == .main && plain.deciding == nil)
    let filed = try roles([role("a", nil), role("b", .sidecar)])
    #expect(filed.isExplicit && filed["b"] == .sidecar && filed.deciding == "a")
    let said = try roles([role("a", nil), role("b", .sidecar)]) {
      $0.roles = ["a": .optional, "b": .main]
    }
    #expect(said["a"] == .optional && said.deciding == "b")
    #expect(try roles([role("a", .main), role("b", .main)]).deciding == nil)
    #expect(try !roles([role("a", nil)]) { $0.mains = .any }.needsAll)
  }

  private static let refused: [(String, [Service], [String: ServiceRole], String)] = [
    (
      "an option for no service", [role("a", nil)], ["b": .main],
      "compose.yaml:1:1: pod.roles names 'b', which isn't a service of the file"
    ),
    (
      "no main service", [role("a", .sidecar)], [:],
      "compose.yaml:1:1: no service has the role main: no service would decide the pod's result"
    ),
    (
      "who waits for a final one", [role("a", nil, ["b"]), role("b", .final)], [:],
      "compose.yaml:9:3: 'a' waits for 'b', which has the role final: it starts when all others have exited"
    ),
    (
      "an init that never completes",
      [
        role("a", nil),
        service("b") {
          $0.restart = .always; $0.restartPosition = at(5)
        },
      ],
      ["b": .initial],
      "compose.yaml:5:3: 'b' has the role init and a restart policy by which it never completes"
    ),
    (
      "a final one with a policy",
      [
        role("a", nil),
        service("b") {
          $0.restart = .onFailure(maximumRetries: 2); $0.restartPosition = at(5)
        },
      ],
      ["b": .final],
      "compose.yaml:5:3: 'b' has the role final: it runs once, without a restart policy"
    ),
  ]

  @Test("are refused", arguments: refused.indices)
  func refusals(number: Int) {
    let (_, services, said, message) = Self.refused[number]
    let error = #expect(throws: DiagnosticError.self) {
      _ = try roles(services) { $0.roles = said }
    }
    #expect(error.map { "\($0)" } == message)
  }

  @Test("stop sidecars after all others, despite dependencies, in reverse start order")
  func stops() throws {
    let services = [
      role("b", .sidecar, ["a"]), role("a", .sidecar), role("c", .sidecar, ["web"]),
      role("web", nil, ["a"]), role("extra", .optional),
    ]
    let roles = try roles(services)
    // They start in the order a, b, c.
    for (own, other, expected) in [
      ("a", "b", true), ("b", "a", false), ("a", "c", true), ("b", "c", true), ("c", "b", false),
      ("c", "web", true), ("web", "c", false), ("a", "extra", true), ("extra", "a", false),
    ] {
      #expect(roles.stops(own, after: other) == expected, "\(own) after \(other)")
    }
    #expect(roles.stops("web", after: "extra") == nil)
  }

  @Test("make all services wait for an init service, except those that it needs")
  func initial() throws {
    let services = [
      role("db", nil), role("prepare", .initial, ["db"]), role("web", nil), role("ship", .sidecar),
      role("other", .initial), role("upload", .final),
    ]
    let applied = try roles(services).applied(to: project(services))
    func waits(_ name: String) -> [String] {
      (applied.services[name]?.dependencies ?? [:])
        .filter { $0.value.condition == .completedSuccessfully }.map(\.key)
    }
    #expect(waits("db") == ["other"])
    #expect(waits("web") == ["prepare", "other"] && waits("ship") == ["prepare", "other"])
    #expect(waits("prepare").isEmpty && waits("other").isEmpty && waits("upload").isEmpty)
  }
}
