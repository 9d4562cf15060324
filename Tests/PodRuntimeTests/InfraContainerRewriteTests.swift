import Compose
import DockerEngine
import Foundation
import OrderedCollections
import PodIdentity
import TestSupport
import Testing
import YAML

@testable import PodRuntime

private func shared(
  _ services: [Service], networks: [Network] = [],
  _ change: (inout PodOptions) -> Void = { $0.sharedNetwork = "bridge" }
) throws(DiagnosticError) -> PodPlan {
  var request = PodRequest(
    project: project(services, networks: networks), executorID: "E", taskID: "t1", run: "r1",
    offeredPorts: [31890, 31000, 31001])
  change(&request.options)
  return try plan(request)
}

@Suite("Namespaces of an infrastructure container")
struct InfraContainerRewriteTests {
  @Test("have it first, with all ports, names and name servers; no network is created")
  func network() throws {
    let web = service("web") {
      $0.ports = [port(80), port(53, nil, .udp)]
      $0.networks = ["default": NetworkAttachment()]
      $0.links = [Located(Link(target: "redis", alias: "cache"), at: at(7))]
      $0.hostname = Located("front", at: at(8))
      $0.dns = ["10.0.0.2"]
    }
    let redis = service("redis") {
      $0.ports = [port(6379)]
      $0.networks = ["default": NetworkAttachment()]
      $0.containerName = Located("store", at: at(9))
      $0.extraHosts = [ExtraHost(host: "api", address: "10.0.0.1", position: here)]
    }
    let plan = try shared([web, redis], networks: [Network(key: "default")])
    #expect(plan.networks.isEmpty && plan.warnings.isEmpty)
    #expect(plan.containers.map(\.service.name) == ["infra", "web", "redis"])
    let infra = plan.containers[0]
    #expect(infra.isInfra && infra.name == "t1_infra")
    #expect(infra.ports.map(\.service) == ["web", "web", "redis"])
    #expect(infra.ports.map(\.host.description) == ["31890", "31000", "31001"])
    #expect(infra.create.hostname == "front")
    let host = try #require(infra.create.hostConfig)
    #expect(host.networkMode == "bridge" && host.dns == ["10.0.0.2"])
    #expect(host.portBindings?.count == 3 && host.readonlyRootfs == true)
    #expect(
      Set(host.extraHosts ?? []) == [
        "web:127.0.0.1", "redis:127.0.0.1", "store:127.0.0.1",
        "cache:127.0.0.1", "front:127.0.0.1", "api:10.0.0.1",
      ])
    // It has the labels of the pod's objects.
    #expect(plan.identity.labels.allSatisfy { infra.create.labels?[$0.key] == $0.value })
    for container in plan.containers.dropFirst() {
      #expect(container.references == [.network("infra")])
      #expect(container.dependencies.map(\.service) == ["infra"])
      #expect(container.create.hostConfig?.portBindings == nil && container.ports.isEmpty)
      #expect(container.create.hostname == nil && container.create.networkingConfig == nil)
    }
  }

  @Test("have the settings of the namespace itself, also those of pre_start containers")
  func settings() throws {
    let web = service("web") {
      $0.networks = ["default": NetworkAttachment()]
      $0.dnsOptions = ["ndots:1"]
      $0.macAddress = Located("02:42:ac:11:00:09", at: at(8))
      $0.resources.sysctls = ["net.core.somaxconn": "99", "kernel.msgmax": "8192"]
      var before = service("web") { $0.image = Located("busybox", at: here) }
      before.networks = ["default": NetworkAttachment()]
      $0.preStart = [before]
    }
    let other = service("other") {
      $0.resources.sysctls = ["net.core.somaxconn": "100"]
      $0.macAddress = Located("02:42:ac:11:00:10", at: at(9))
    }
    let plan = try shared([web, other], networks: [Network(key: "default")])
    #expect(plan.networks.isEmpty)
    let infra = plan.containers[0]
    #expect(infra.create.hostConfig?.sysctls == ["net.core.somaxconn": "99"])
    #expect(infra.create.hostConfig?.dnsOptions == ["ndots:1"])
    #expect(infra.create.macAddress == "02:42:ac:11:00:09")
    #expect(plan.containers[1].create.hostConfig?.sysctls == ["kernel.msgmax": "8192"])
    #expect(plan.containers[1].preStart.first?.references == [.network("infra")])
    #expect(plan.warnings.count == 1)
    #expect(plan.warnings.first?.contains("mac_address of 'other' (compose.yaml:9:3)") == true)
    #expect(plan.warnings.first?.contains("the sysctl net.core.somaxconn of 'other'") == true)
  }

  @Test("can't have a service of several containers that publish a port")
  func scaled() throws {
    let web = service("web") {
      $0.ports = [port(80)]
      $0.scale = Located(2, at: at(3))
    }
    let error = #expect(throws: DiagnosticError.self) { _ = try shared([web]) }
    #expect(error?.message.contains("2 containers that publish a port") == true)
  }

  @Test("ignore networks of the file, with one warning")
  func ignored() throws {
    let web = service("web") { $0.networks = ["front": NetworkAttachment(position: at(5))] }
    let other = service("other") { $0.networks = ["front": NetworkAttachment(position: at(6))] }
    let plan = try shared([web, other], networks: [Network(key: "front")])
    #expect(plan.warnings.count == 1)
    #expect(plan.warnings.first?.contains("networks of 'web' (compose.yaml:5:3)") == true)
    #expect(plan.warnings.first?.contains("networks of 'other' (compose.yaml:6:3)") == true)
  }

  @Test("of processes leave services their networks")
  func processes() throws {
    let web = service("web") { $0.networks = ["default": NetworkAttachment()] }
    let job = service("job") { $0.pid = Located(.service("web"), at: at(4)) }
    let plan = try shared([web, job], networks: [Network(key: "default")]) { $0.sharesPID = true }
    #expect(plan.networks.count == 1)
    #expect(plan.containers[0].create.hostConfig?.networkMode == "none")
    #expect(plan.containers[1].references == [.pid("infra")])
    #expect(plan.containers[2].references == [.pid("infra")])
  }

  @Test("leave a service called infra its name")
  func taken() throws {
    let plan = try shared([service("infra")])
    #expect(plan.containers.map(\.service.name) == ["pod-infra", "infra"])
  }

  @Test("that can't be shared are refused with their line")
  func refused() throws {
    func refusal(
      _ services: [Service], _ change: (inout PodOptions) -> Void = { $0.sharedNetwork = "bridge" }
    ) throws -> DiagnosticError {
      try #require(throws: DiagnosticError.self) { try shared(services, change) }
    }
    for mode in [Compose.NamespaceMode.host, .none, .container("other")] {
      let web = service("web") { $0.networkMode = Located(mode, at: at(4)) }
      #expect(try refusal([web]).position == at(4))
      let seeing = service("web") { $0.pid = Located(.host, at: at(4)) }
      #expect(try refusal([seeing]) { $0.sharesPID = true }.position == at(4))
    }
    let first = service("a") { $0.ports = [port(80)] }
    let second = service("b") { $0.ports = [port(81), port(80, "8080")] }
    let twice = try refusal([first, second])
    #expect(twice.position == at(80) && twice.message.contains("'a'"), "\(twice)")
    let udp = service("b") { $0.ports = [port(80, nil, .udp)] }
    #expect(throws: Never.self) { try shared([first, udp]) }
    func host(_ name: String, _ address: String) -> Service {
      service(name) {
        $0.extraHosts = [ExtraHost(host: "api", address: address, position: at(6))]
      }
    }
    #expect(try refusal([host("a", "10.0.0.1"), host("b", "10.0.0.2")]).position == at(6))
    #expect(throws: Never.self) { try shared([host("a", "10.0.0.1"), host("b", "10.0.0.1")]) }
  }
}

@Suite("The infrastructure container's image")
struct InfraImageTests {
  @Test(
    "has a layer with a known digest and a small program", arguments: PauseProgram.allCases)
  func layer(_ program: PauseProgram) async throws {
    #expect(program.file.count < 400)
    let layer = InfraImage.layer(of: program)
    try await withTemporaryDirectory { directory in
      try Data(layer).write(to: URL(fileURLWithPath: directory.path("layer.tar")))
      let sum = try await Command("sha256sum", [directory.path("layer.tar")]).output()
      #expect("sha256:\(sum.prefix(64))" == InfraImage.layerDigest(of: program))
      let listed = try await Command("tar", ["tvf", directory.path("layer.tar")]).output()
      #expect(listed.hasPrefix("-rwxr-xr-x 0/0"), "\(listed)")
    }
  }
}
