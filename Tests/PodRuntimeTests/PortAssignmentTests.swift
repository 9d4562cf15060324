import Compose
import DockerEngine
import Testing
import YAML

@testable import PodRuntime

@Suite("Offered ports")
struct PortAssignmentTests {
  private func assign(_ services: [Service], _ offered: [UInt16]?) throws -> [String: [String]] {
    let ports = try PortAssignment(project: project(services), offered: offered)
    return Dictionary(
      uniqueKeysWithValues: ports.services.map { ($0.key, $0.value.map(\.host.description)) })
  }

  @Test("are assigned to published ports in the order of the file, not sorted")
  func order() throws {
    let services = [
      service("a") { $0.ports = [port(80, "8080"), port(443)] },
      service("b") { $0.ports = [port(80, "9090")] },
    ]
    #expect(
      try assign(services, [31890, 31000, 31001]) == ["a": ["31890", "31000"], "b": ["31001"]])
  }

  @Test("are shared by the same container port in tcp and udp")
  func shared() throws {
    let dns = service("dns") { $0.ports = [port(53, "53"), port(53, "53", .udp), port(80)] }
    #expect(try assign([dns], [31000, 31001]) == ["dns": ["31000", "31000", "31001"]])
  }

  @Test("are kept by a port that names one of them, and the others get the rest")
  func named() throws {
    let web = service("web") { $0.ports = [port(80), port(81, "31000"), port(82)] }
    #expect(try assign([web], [31000, 31001, 31002]) == ["web": ["31001", "31000", "31002"]])
  }

  @Test("that don't suffice are refused with both numbers and the first remaining port")
  func tooFew() {
    let web = service("web") { $0.ports = [port(80), port(81), port(82)] }
    #expect(
      throws: DiagnosticError("the file publishes 3 ports, and 2 were offered", at: at(82))
    ) { try assign([web], [31000, 31001]) }
  }

  @Test("that are missing leave the file's own, with a warning")
  func none() throws {
    let web = service("web") { $0.ports = [port(80, "8080"), port(81)] }
    #expect(try assign([web], nil) == ["web": ["8080", ""]])
    #expect(try plan(project([web])).warnings.count == 1)
  }
}
