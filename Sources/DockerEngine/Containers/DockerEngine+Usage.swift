extension DockerEngine {
  /// The processes of a running container, as the engine's host sees them (Engine API, "ContainerTop").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - arguments: Arguments of ps(1).
  /// - Returns: its processes.
  /// - Throws: `EngineError`: 409 (500 before API 1.30) where the container doesn't run.
  public func processes(of id: String, arguments: String = "-ef") async throws
    -> ContainerProcesses
  {
    try await decoded(
      EngineCall(
        "GET", "/containers/\(component(id))/top", query: [("ps_args", arguments)]))
  }

  /// What a container uses (Engine API, "ContainerStats"), read once, for which the engine takes a second or two: counters
  /// begin with its start.
  /// - Parameter id: ID or name.
  /// - Returns: its figures; without values where it doesn't run.
  /// - Throws: `EngineError`.
  public func usage(of id: String) async throws -> ContainerUsage {
    try await decoded(
      EngineCall("GET", "/containers/\(component(id))/stats", query: [("stream", "0")]))
  }
}

/// Processes of a container (Engine API, "ContainerTopResponse").
public struct ContainerProcesses: Sendable, Decodable {
  /// The titles that ps(1) prints.
  public let titles: [String]
  /// Each process's values.
  public let processes: [[String]]

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    titles = try fields["Titles"] ?? []
    processes = try fields["Processes"] ?? []
  }
}

/// What a container uses (Engine API, "ContainerStats"); nil for what the engine doesn't count.
public struct ContainerUsage: Sendable, Decodable {
  /// Processor time in nanoseconds.
  public let processorTime: UInt64?
  /// Bytes of memory, page cache included.
  public let memory: UInt64?
  /// Bytes of page cache that are reclaimed first.
  public let inactiveFile: UInt64?
  /// The limit of memory in bytes; the host's memory where there is none.
  public let memoryLimit: UInt64?
  /// Processes and threads.
  public let tasks: UInt64?
  /// Bytes received on all networks.
  public let received: UInt64?
  /// Bytes sent on all networks.
  public let sent: UInt64?
  /// Bytes read from block devices.
  public let read: UInt64?
  /// Bytes written to block devices.
  public let written: UInt64?

  private struct Group: Decodable {
    let fields: EngineFields
    init(from decoder: any Decoder) throws { fields = try EngineFields(decoder) }
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is nil.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    let processors: Group? = try fields["cpu_stats"]
    let usage: Group? = try processors?.fields["cpu_usage"]
    processorTime = try usage?.fields["total_usage"]
    let memory: Group? = try fields["memory_stats"]
    self.memory = try memory?.fields["usage"]
    memoryLimit = try memory?.fields["limit"]
    let kinds: Group? = try memory?.fields["stats"]
    let unified: UInt64? = try kinds?.fields["inactive_file"]
    inactiveFile = try kinds?.fields["total_inactive_file"] ?? unified
    let tasks: Group? = try fields["pids_stats"]
    self.tasks = try tasks?.fields["current"]
    let networks: [String: Group]? = try fields["networks"]
    received = try networks.map { try Self.sum($0.values.map { try $0.fields["rx_bytes"] ?? 0 }) }
    sent = try networks.map { try Self.sum($0.values.map { try $0.fields["tx_bytes"] ?? 0 }) }
    let devices: Group? = try fields["blkio_stats"]
    let transfers: [Group]? = try devices?.fields["io_service_bytes_recursive"]
    func bytes(_ kind: String) throws -> UInt64? {
      try transfers.map { transfers in
        try Self.sum(
          transfers.map { transfer in
            let name: String = try transfer.fields["op"] ?? ""
            return name.lowercased() == kind ? try transfer.fields["value"] ?? 0 : 0
          })
      }
    }
    read = try bytes("read")
    written = try bytes("write")
  }

  private static func sum(_ values: [UInt64]) -> UInt64 { values.reduce(0, &+) }
}
