import Testing

@testable import DockerEngine

extension RealEngine {
  /// The engine's description of an object, for fields that the client doesn't decode.
  func inspect<Details: Decodable>(_ path: String, as: Details.Type) async throws -> Details {
    try await engine.decoded(EngineCall("GET", path))
  }
}

/// The engine's description of a container.
struct RealContainer: Decodable {
  struct Configuration: Decodable {
    let Env: [String]?
  }
  struct Host: Decodable {
    struct Log: Decodable { let Config: [String: String] }
    let Memory: Int
    let NanoCpus: Int
    let ExtraHosts: [String]?
    let CapDrop: [String]?
    let LogConfig: Log
  }
  struct Status: Decodable {
    let Pid: Int
  }
  struct Network: Decodable {
    struct Endpoint: Decodable { let Aliases: [String]? }
    let Networks: [String: Endpoint]
  }
  let Config: Configuration
  let HostConfig: Host
  let State: Status
  let NetworkSettings: Network
}

/// The engine's description of a network.
struct RealNetwork: Decodable {
  struct Pools: Decodable {
    struct Pool: Decodable { let Subnet: String }
    let Config: [Pool]
  }
  struct Endpoint: Decodable { let IPv4Address: String }
  let IPAM: Pools
  let Containers: [String: Endpoint]
}
