import Testing

@testable import DockerEngine

extension RealEngine {
  /// What the engine says of an object, as far as a test asks for more than the client reads.
  func inspect<Details: Decodable>(_ path: String, as: Details.Type) async throws -> Details {
    try await engine.decoded(EngineCall("GET", path))
  }
}

/// A container as the engine describes it.
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

/// A network as the engine describes it.
struct RealNetwork: Decodable {
  struct Pools: Decodable {
    struct Pool: Decodable { let Subnet: String }
    let Config: [Pool]
  }
  struct Member: Decodable { let IPv4Address: String }
  let IPAM: Pools
  let Containers: [String: Member]
}
