extension DockerEngine {
  /// The processes of a running container, as the engine's host sees them (Engine API,
  /// "ContainerTop").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - arguments: Arguments of ps(1).
  /// - Returns: The processes.
  /// - Throws: `EngineError`: 409 (500 before API 1.30) if the container isn't running.
  package func processes(of id: String, arguments: String = "-ef") async throws
    -> ContainerProcesses
  {
    try await decoded(
      EngineCall(
        "GET", "/containers/\(component(id))/top", query: [("ps_args", arguments)]))
  }

  /// The resource usage of a container (Engine API, "ContainerStats"), sampled once. The engine
  /// takes one to two seconds for it. Counters begin at the container's start.
  /// - Parameter id: ID or name.
  /// - Returns: The usage. It has no values if the container isn't running.
  /// - Throws: `EngineError`.
  package func usage(of id: String) async throws -> ContainerUsage {
    try await decoded(
      EngineCall("GET", "/containers/\(component(id))/stats", query: [("stream", "0")]))
  }
}

/// The processes of a container (Engine API, "ContainerTopResponse").
package struct ContainerProcesses: Sendable, Decodable {
  /// The column titles of ps(1).
  package let titles: [String]
  /// The values of each process.
  package let processes: [[String]]

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    titles = try fields["Titles"] ?? []
    processes = try fields["Processes"] ?? []
  }
}

/// The resource usage of a container (Engine API, "ContainerStats"). Nil for a value that the
/// engine doesn't report.
package struct ContainerUsage: Sendable, Decodable {
  /// Processor time in nanoseconds.
  package let processorTime: UInt64?
  /// Bytes of memory, including the page cache.
  package let memory: UInt64?
  /// Bytes of page cache that the kernel reclaims first.
  package let inactiveFile: UInt64?
  /// The memory limit in bytes. The host's memory if there is no limit.
  package let memoryLimit: UInt64?
  /// The number of processes and threads.
  package let tasks: UInt64?
  /// Bytes received on all networks.
  package let received: UInt64?
  /// Bytes sent on all networks.
  package let sent: UInt64?
  /// Bytes read from block devices.
  package let read: UInt64?
  /// Bytes written to block devices.
  package let written: UInt64?

  private struct Group: Decodable {
    let fields: EngineFields
    init(from decoder: any Decoder) throws { fields = try EngineFields(decoder) }
  }

  /// Decodes the engine's JSON. A missing or null field is nil.
  package init(from decoder: any Decoder) throws {
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
