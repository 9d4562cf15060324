import Dispatch
import Glibc
import Linux

/// Runs probes so that none of them delays the other probes or the program.
enum Probing {
  /// The default time limit of a probe.
  @TaskLocal static var limit = Duration.seconds(2)

  /// Runs a probe. A probe that exceeds the limit is abandoned.
  ///
  /// - Parameters:
  ///   - limit: the time limit.
  ///   - late: the checks for a probe that exceeds the limit.
  ///   - body: the probe.
  /// - Returns: the checks of the probe, or `late`.
  static func run(
    within limit: Duration = limit, late: [HostCheck],
    _ body: @escaping @Sendable () async -> [HostCheck]
  ) async -> [HostCheck] {
    let (results, report) = AsyncStream.makeStream(of: [HostCheck].self)
    let work = Task { report.yield(await body()) }
    let clock = Task {
      try await Task.sleep(for: limit)
      report.yield(late)
    }
    defer {
      work.cancel()
      clock.cancel()
    }
    for await checks in results { return checks }
    return late
  }

  /// Runs a blocking probe on a thread of its own, because a file system can hang forever.
  ///
  /// - Parameters:
  ///   - names: the checks that fail if the probe exceeds the limit.
  ///   - body: the probe.
  /// - Returns: the checks of the probe.
  static func blocking(
    _ names: [String], _ body: @escaping @Sendable () -> [HostCheck]
  ) async -> [HostCheck] {
    let late = names.map {
      HostCheck.fail(
        $0, "no response within 2 s", fix: "find the file system or service that hangs")
    }
    return await run(late: late) {
      await withCheckedContinuation { continuation in
        DispatchQueue(label: "probe").async { continuation.resume(returning: body()) }
      }
    }
  }

  /// Sends a line to a local socket and reads the reply.
  ///
  /// - Parameters:
  ///   - path: the socket.
  ///   - line: the line, without a line feed.
  ///   - goodbye: a line to send after the first line of the reply; nil to read the reply to its
  ///     end.
  ///   - limit: the time limit for the reply.
  /// - Returns: the reply.
  static func query(
    _ path: String, _ line: String, goodbye: String? = nil, within limit: Duration
  ) -> MesosChecks.Reply {
    var status = stat()
    guard stat(path, &status) == 0 else {
      return errno == EACCES ? .forbidden : .missing
    }
    guard access(path, W_OK) == 0 else { return .forbidden }
    guard let file = UnixSocket.connect(path, waits: false) else {
      // The queue of connections is full.
      return errno == EAGAIN ? .silent : .abandoned
    }
    defer { close(file) }
    let deadline = ContinuousClock.now + limit
    guard send(file, line + "\n") else { return .abandoned }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 16 {
      if goodbye != nil, bytes.contains(0x0a) { break }
      let left = (deadline - .now).components
      let wait = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
      var descriptor = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
      guard wait > 0, poll(&descriptor, 1, Int32(wait)) > 0 else { return .silent }
      let count = read(file, &chunk, chunk.count)
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      if count <= 0 { break }
      bytes += chunk[..<count]
    }
    if let goodbye { _ = send(file, goodbye + "\n") }
    return bytes.isEmpty ? .abandoned : .text(String(decoding: bytes, as: UTF8.self))
  }

  private static func send(_ file: Int32, _ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return Glibc.send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) == bytes.count
  }
}
