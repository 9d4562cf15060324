import Linux
import PodIdentity

/// Bytes that went over the network interfaces of a network namespace, its loopback aside.
package struct NetworkFigures: Sendable, Equatable {
  /// Bytes received.
  package var received: Int64
  /// Bytes sent.
  package var sent: Int64
  /// The namespace, as /proc names it.
  package let namespace: String

  /// Reads the counters of a process's network namespace.
  ///
  /// It is nil where the namespace is the host's, whose traffic is of everybody, or this process may not read it.
  ///
  /// - Parameter pid: the process.
  package init?(of pid: Int32) {
    guard let namespace = TextFile.linkTarget("/proc/\(pid)/ns/net"),
      namespace != TextFile.linkTarget("/proc/1/ns/net"),
      let text = try? TextFile.text("/proc/\(pid)/net/dev")
    else { return nil }
    self.init(text: text, namespace: namespace)
  }

  /// Reads the text of a `/proc/PID/net/dev` (proc(5)).
  init(text: String, namespace: String) {
    self.namespace = namespace
    (received, sent) = (0, 0)
    for line in text.split(separator: "\n") {
      // `eth0: 1234 …`, with the bytes sent in the ninth field.
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].drop(while: { $0 == " " }) != "lo" else { continue }
      let fields = parts[1].split(separator: " ")
      guard fields.count > 8, let inward = Int64(fields[0]), let outward = Int64(fields[8]) else {
        continue
      }
      received &+= inward
      sent &+= outward
    }
  }

  init(received: Int64, sent: Int64, namespace: String) {
    (self.received, self.sent, self.namespace) = (received, sent, namespace)
  }
}
