/// The lines that executor and reaper send over a lease's connection (docs/design.md, "Leases").
package enum LeaseProtocol {
  /// The default path of the socket.
  package static let defaultSocket = "/run/compose-pods/lease.sock"
  /// The reaper holds the lease.
  package static let accepted = "OK"
  /// The reaper holds the lease and accepts the restart counts that the executor offers.
  package static let acceptedWithRestarts = "OK restarts"
  /// The reaper does not hold the lease.
  package static let refused = "NO"
  /// The pod is gone, and the executor exits.
  package static let release = "RELEASE"

  private static let restartsStart = "RESTARTS "

  /// The line with the number of restarts of services since the executor started.
  package static func restarts(_ count: Int) -> String { restartsStart + String(count) }

  /// The number in a line `RESTARTS N`; nil for any other line.
  package static func restarts(of line: String) -> Int? {
    guard line.hasPrefix(restartsStart) else { return nil }
    return Int(line.dropFirst(restartsStart.count)).flatMap { $0 >= 0 ? $0 : nil }
  }

  private static let start = "LEASE 1 "

  /// The first line of a lease of a run.
  package static func request(run: String) -> String { start + run + " " + restartsWord }

  private static let restartsWord = "restarts"

  /// Whether the sender of a first line will send the number of restarts.
  package static func offersRestarts(_ line: String) -> Bool {
    line.split(separator: " ").dropFirst(3).contains(restartsWord[...])
  }

  /// The run in a line `LEASE 1 RUN`; nil for any other line. Later versions may append fields.
  package static func run(of line: String) -> String? {
    let words = line.split(separator: " ")
    guard line.hasPrefix(start), words.count >= 3, words[2].utf8.count <= 256,
      words[2].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") })
    else { return nil }
    return String(words[2])
  }
}
