import Linux
import PodIdentity

/// The bytes received and sent by the network interfaces of a network namespace, without its
/// loopback interface.
package struct NetworkFigures: Sendable, Equatable {
  /// Bytes received.
  package var received: Int64
  /// Bytes sent.
  package var sent: Int64
  /// The network namespace, in the form of /proc.
  package let namespace: String

  /// Reads the counters of a process's network namespace.
  ///
  /// The result is nil where this is the host's namespace, whose traffic is not the pod's, or where
  /// this process may not read it.
  ///
  /// - Parameter pid: the process.
  package init?(of pid: Int32) {
    guard let namespace = TextFile.linkTarget("/proc/\(pid)/ns/net"),
      namespace != TextFile.linkTarget("/proc/1/ns/net"),
      let text = try? TextFile.text("/proc/\(pid)/net/dev")
    else { return nil }
    self.init(text: text, namespace: namespace)
  }

  /// Parses the text of `/proc/PID/net/dev` (proc(5)).
  init(text: String, namespace: String) {
    self.namespace = namespace
    (received, sent) = (0, 0)
    for line in text.split(separator: "\n") {
      // `eth0: 1234 …`: the first field has the received bytes, the ninth field has the sent bytes.
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
