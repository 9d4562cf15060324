import Compose
import DockerEngine
import Foundation
import PodIdentity
import Testing
import YAML

@testable import PodRuntime

@Suite("A pod on an engine of an older API")
struct OlderEngineTests {
  /// Keys of service `web` from line 4 on, the reported location, and the missing feature.
  static let refused: [(keys: String, location: String, feature: EngineFeature)] = [
    ("device_cgroup_rules: ['c 1:3 rwm']", "4:5", .deviceCgroupRules),
    ("healthcheck:\n      test: [CMD, x]\n      start_period: 5s", "6:7", .startPeriod),
    ("ipc: private", "4:10", .privateIPC),
    ("networks: {default: {driver_opts: {a: b}}}", "4:16", .endpointDriverOptions),
    ("post_start: [{command: [x], working_dir: /}]", "4:18", .execWorkingDir),
    ("pre_stop: [{command: [x], working_dir: /}]", "4:16", .execWorkingDir),
    ("ports: ['80/sctp']", "4:13", .sctp),
    ("expose: ['80/sctp']", "4:5", .sctp),
    ("security_opt: [systempaths=unconfined]", "4:20", .unmaskedPaths),
    ("gpus: all", "4:5", .deviceRequests),
    ("devices: ['vendor.com/class=a']", "4:5", .deviceRequests),
    (
      "volumes: [{type: bind, source: /a, target: /b, bind: {recursive: disabled}}]", "4:15",
      .nonRecursiveBind
    ),
    ("cgroup: private", "4:5", .privateCgroupNamespace),
    ("extra_hosts: ['a:host-gateway']", "4:19", .hostGateway),
    (
      "volumes: [{type: bind, source: /a, target: /b, read_only: true, bind: {recursive: readonly, propagation: rprivate}}]",
      "4:15", .forcedReadOnly
    ),
    (
      "networks: {default: {priority: 1}, n: {mac_address: '02:00:00:00:00:01'}}", "4:40",
      .addressOnOtherNetworks
    ),
    (
      "volumes: [{type: volume, source: v, target: /v, volume: {subpath: s}}]", "4:15",
      .volumeSubpath
    ),
    ("volumes: [{type: image, source: i, target: /i}]", "4:15", .imageMount),
    ("networks: {default: {interface_name: lan0}}", "4:16", .interfaceName),
    ("networks: [m]", "7:7", .withoutIPv4),
    ("pre_start: [{command: [x], image: i, cgroup: private}]", "4:42", .privateCgroupNamespace),
  ]

  private static func file(_ keys: String) -> String {
    "services:\n  web:\n    image: i\n    \(keys)\nvolumes: {v: {}, data: {}}\nnetworks:\n  m: {enable_ipv4: false}\n  n: {}\n"
  }

  @Test("is refused with the line at fault, and the release that supports it", arguments: refused)
  func locations(keys: String, location: String, feature: EngineFeature) throws {
    let plan = try planned(Self.file(keys))
    _ = try plan.fitted(to: EngineAbility(.newest))
    let below = EngineAbility(APIVersion(1, feature.since.minor - 1))
    let error = #expect(throws: DiagnosticError.self) { try plan.fitted(to: below) }
    let text = "\(try #require(error))"
    #expect(text.contains("compose.yaml:\(location): "), "\(text)")
    #expect(text.hasSuffix(below.lack(of: feature)), "\(text)")
    #expect(!text.contains("be started"))
  }

  @Test("has a test case for each refused feature")
  func complete() {
    let features = Set(EngineFeature.allCases.filter { $0.fallback == .refused })
    #expect(Set(Self.refused.map(\.feature)) == features)
  }

  @Test("runs unchanged if no feature is missing")
  func plain() throws {
    let plan = try planned(
      Self.file(
        "networks: [n, default]\n    healthcheck: {test: [CMD, x]}\n    volumes: ['data:/v', '/a:/b:ro']\n    cgroup: host\n    annotations: {a: b}"
      ))
    _ = try plan.fitted(to: EngineAbility(.oldest))
  }

  @Test("passes a network with a MAC address when it creates the container")
  func address() throws {
    let plan = try planned(
      Self.file("networks: {default: {priority: 1}, n: {mac_address: '02:00:00:00:00:01'}}"))
    let container = try #require(plan.containers.first)
    #expect(container.resolvedConnections(ids: [:]).isEmpty)
    let body = container.resolved(image: "i", ids: [:])
    let addresses = body.networkingConfig?.endpointsConfig?.values.compactMap(\.macAddress)
    #expect(addresses == ["02:00:00:00:00:01"])
    #expect(body.networkingConfig?.endpointsConfig?.count == 2)
    #expect(body.needs == [.addressOnOtherNetworks])
  }

  @Test("treats an image as old if the engine doesn't report when it was pulled")
  func age() {
    let image = ResolvedImage(reference: "a", id: "b", hasHealthcheck: false)
    #expect(image.isOlder(than: .nanoseconds(1)) && !image.isOlder(than: nil))
  }
}
