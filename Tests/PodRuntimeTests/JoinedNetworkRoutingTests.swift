import Compose
import DockerEngine
import OrderedCollections
import PodIdentity
import Testing
import YAML

@testable import PodRuntime

@Suite("Services in one network namespace")
struct JoinedNetworkRoutingTests {
  private func join(_ name: String, _ owner: String, _ change: (inout Service) -> Void = { _ in })
    -> Service
  {
    service(name) {
      $0.networkMode = Located(.service(owner), at: at(3))
      $0.dependencies[owner] = Dependency(position: at(3))
      change(&$0)
    }
  }

  @Test("reach each other at 127.0.0.1, by service, container name and link")
  func names() throws {
    let owner = service("base") {
      $0.networkMode = Located(.other("bridge"), at: here)
      $0.containerName = Located("baseC", at: here)
    }
    let web = join("web", "base") {
      $0.links = [Located(Link(target: "redis", alias: "cache"), at: at(7))]
    }
    let plan = try plan(project([owner, web, join("redis", "base")]))
    #expect(
      Set(plan.containers[0].create.hostConfig?.extraHosts ?? []) == [
        "base:127.0.0.1", "baseC:127.0.0.1", "web:127.0.0.1", "cache:127.0.0.1",
        "redis:127.0.0.1",
      ])
    #expect(plan.containers[1].references == [.network("base")])
    #expect(plan.containers[1].create.hostConfig?.extraHosts == nil)
  }

  @Test("keep the address of a name from the file")
  func givenAddress() throws {
    let owner = service("base") {
      $0.extraHosts = [ExtraHost(host: "redis", address: "10.0.0.9", position: here)]
    }
    let plan = try plan(project([owner, join("redis", "base")]))
    let hosts = plan.containers[0].create.hostConfig?.extraHosts ?? []
    #expect(hosts.filter { $0.hasPrefix("redis:") } == ["redis:10.0.0.9"])
  }

  @Test("move their hosts entries and outward links to the owner")
  func moved() throws {
    let owner = service("base") { $0.networkMode = Located(.other("bridge"), at: here) }
    let database = service("db") { $0.networkMode = Located(.other("bridge"), at: here) }
    let web = join("web", "base") {
      $0.links = [Located(Link(target: "db", alias: "db"), at: at(7))]
      $0.extraHosts = [ExtraHost(host: "api", address: "10.0.0.1", position: here)]
    }
    let plan = try plan(project([owner, database, web]))
    #expect(
      plan.containers[0].references
        == ["db", "db-1", "\(plan.identity.names.project)-db-1"].map { .link("db", alias: $0) })
    #expect(plan.containers[0].create.hostConfig?.extraHosts?.contains("api:10.0.0.1") == true)
    #expect(plan.containers[2].references == [.network("base")])
  }

  @Test("can't have a link that would make the owner wait for itself")
  func cycle() {
    let owner = service("base")
    let database = service("db") { $0.dependencies["base"] = Dependency(position: here) }
    let web = join("web", "base") {
      $0.links = [Located(Link(target: "db", alias: "db"), at: at(7))]
    }
    let error = #expect(throws: DiagnosticError.self) { try plan(project([owner, database, web])) }
    #expect(error?.position == at(7))
  }

  @Test("can't have ports and a host name of their own; the refusal has the line")
  func refused() {
    let owner = service("base")
    let ports = join("web", "base") { $0.ports = [port(80)] }
    #expect(throws: DiagnosticError.self) { try plan(project([owner, ports])) }
    let host = join("web", "base") { $0.hostname = Located("w", at: at(8)) }
    let error = #expect(throws: DiagnosticError.self) { try plan(project([owner, host])) }
    #expect(error?.position == at(8))
  }
}
