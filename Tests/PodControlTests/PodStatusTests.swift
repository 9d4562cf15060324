import FoundationEssentials
import Testing

@testable import PodControl

struct PodStatusTests {
  @Test func aPortsProtocolIsCalledProtocolInJSON() throws {
    let port = PodStatus.Port(service: "web", container: 80, host: 31000, protocolName: "tcp")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(
      String(decoding: try encoder.encode(port), as: UTF8.self)
        == #"{"container":80,"host":31000,"protocol":"tcp","service":"web"}"#)
  }
}
