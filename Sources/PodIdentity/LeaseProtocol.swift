/// The lines that executor and reaper send over a lease's connection (docs/design.md, "Leases").
package enum LeaseProtocol {
  /// The default path of the socket.
  package static let defaultSocket = "/run/compose-pods/lease.sock"
  /// The response to a first line: the reaper holds the lease. The features that it accepts follow.
  package static let accepted = "OK"
  /// The response to a first line: the reaper doesn't hold the lease.
  package static let refused = "NO"
  /// The executor's last line: its pods are gone.
  package static let release = "RELEASE"

  /// A kind of report over a lease. The executor offers each in its first line, and sends only those
  /// that the response names: earlier reapers close the connection when they read an unknown line.
  package enum Feature: String, Sendable, CaseIterable {
    /// Lines `RESTARTS N`: the restarts of all pods of the executor. Earlier executors have only this.
    case restarts
    /// Lines `FIGURES …`: the figures of one pod (`LeaseFigures`).
    case figures
  }

  private static let start = "LEASE 1 "
  private static let restartsStart = "RESTARTS "

  /// The first line of a lease of a run, which offers every feature.
  package static func request(run: String) -> String {
    ([start + run] + Feature.allCases.map(\.rawValue)).joined(separator: " ")
  }

  /// The run in a line `LEASE 1 RUN`; nil for any other line. Later versions may append fields.
  package static func run(of line: String) -> String? {
    let words = line.split(separator: " ")
    guard line.hasPrefix(start), words.count >= 3, words[2].utf8.count <= 256,
      words[2].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") })
    else { return nil }
    return String(words[2])
  }

  /// The response to a first line that is accepted: it names the features that the line offers.
  package static func acceptance(of line: String) -> String {
    let offered = line.split(separator: " ").dropFirst(3)
    let features = Feature.allCases.map(\.rawValue).filter { offered.contains($0[...]) }
    return ([accepted] + features).joined(separator: " ")
  }

  /// The features that a response accepts; nil if it refuses the lease.
  package static func features(of response: String) -> Set<Feature>? {
    guard response.hasPrefix(accepted) else { return nil }
    let line = response.prefix { $0 != "\n" }
    return Set(line.split(separator: " ").dropFirst().compactMap { Feature(rawValue: String($0)) })
  }

  /// The line that reports the restarts of all pods of an executor together.
  package static func restarts(_ count: Int) -> String { restartsStart + String(count) }

  /// The number in a line `RESTARTS N`; nil for any other.
  package static func restarts(of line: String) -> Int? {
    guard line.hasPrefix(restartsStart) else { return nil }
    return Int(line.dropFirst(restartsStart.count)).flatMap { $0 >= 0 ? $0 : nil }
  }
}
