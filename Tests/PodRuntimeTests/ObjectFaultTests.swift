import Compose
import DockerEngine
import Foundation
import Testing
import YAML

@testable import PodRuntime

@Suite("The engine's error about a network or volume")
struct ObjectFaultTests {
  @Test(
    "is reported with the line at fault, and the engine's text last",
    arguments: [
      (
        "ipam:\n      config:\n        - subnet: 10.97.0.0/24",
        "Pool overlaps with other one on this address space", 7,
        "another network of this host has its subnet"
      ),
      (
        "ipam:\n      config:\n        - subnet: 10.97.0.0/24\n          gateway: 10.96.0.1",
        "failed to allocate gateway (10.96.0.1): Requested address is out of range", 8,
        "the gateway 10.96.0.1 is outside the subnet"
      ),
      (
        "driver: nope", #"plugin "nope" not found"#, 5, "this engine has no network driver 'nope'"
      ),
      (
        "driver_opts:\n      com.docker.network.bridge.enable_icc: banana",
        #"failed to parse com.docker.network.bridge.enable_icc value: banana (strconv.ParseBool: parsing "banana": invalid syntax)"#,
        6, "the option com.docker.network.bridge.enable_icc doesn't accept this value"
      ),
      (
        "internal: true",
        "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
        4, "this host has no subnet left"
      ),
      (
        "driver: overlay",
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\"", 5,
        "this network driver needs a swarm, and this host is not in a swarm"
      ),
    ])
  func networks(lines: String, text: String, line: Int, words: String) throws {
    let plan = try planned(
      """
      services:
        a: {image: busybox, networks: [n]}
      networks:
        n:
          \(lines)
      """)
    let error = try #require(
      plan.explainNetwork(plan.networks[0].name, refused(text)) as? DiagnosticError)
    #expect(error.message.hasPrefix("network 'n' can't be created: \(words)"), "\(error)")
    #expect(error.message.hasSuffix("(engine: \(text))"), "\(error)")
    #expect(error.position?.line == line, "\(error)")
  }

  @Test("is reported for a volume, too")
  func volumes() throws {
    let plan = try planned(
      """
      services:
        a: {image: busybox, volumes: ["data:/v"]}
      volumes:
        data:
          driver: nope
      """)
    let text = #"create p_data: error looking up volume plugin nope: plugin "nope" not found"#
    let error = try #require(
      plan.explainVolume(plan.volumes[0].name ?? "", refused(text)) as? DiagnosticError)
    #expect(
      error.message
        == "volume 'data' can't be created: this engine has no volume driver 'nope' (engine: \(text))"
    )
    #expect(error.position?.line == 5)
  }
}
