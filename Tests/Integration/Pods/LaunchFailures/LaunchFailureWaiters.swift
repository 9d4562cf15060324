/// The services that wait for service `a` while it fails.
struct FailureWaiter: Sendable, CustomStringConvertible {
  /// The name in the table.
  let name: String
  /// The other services.
  let services: String
  /// More lines of service `a`.
  let keys: [String]
  /// More options of `run`.
  let options: [String]
  /// A waiter requires a healthy `a`: `a` needs a healthcheck.
  let needsHealthcheck: Bool

  init(
    _ name: String, _ services: String = "", keys: [String] = [], options: [String] = [],
    needsHealthcheck: Bool = false
  ) {
    self.name = name
    self.services = services
    self.keys = keys
    self.options = options
    self.needsHealthcheck = needsHealthcheck
  }

  var description: String { name }

  /// Another service with these lines.
  private static func service(_ name: String, _ keys: String...) -> String {
    "  \(name):\n    image: founding/base\n" + keys.map { "    \($0)\n" }.joined()
  }

  /// All waiters.
  static let all = [
    FailureWaiter("nobody"),
    FailureWaiter("nobody, others start", service("b") + service("c") + service("d")),
    FailureWaiter("depends_on", service("b", "depends_on: [a]")),
    FailureWaiter(
      "depends_on healthy", service("b", "depends_on: {a: {condition: service_healthy}}"),
      needsHealthcheck: true),
    FailureWaiter(
      "depends_on completed",
      service("b", "depends_on: {a: {condition: service_completed_successfully}}")),
    FailureWaiter(
      "chain of three", service("b", "depends_on: [a]") + service("c", "depends_on: [b]")),
    FailureWaiter("network_mode", service("b", "network_mode: service:a")),
    FailureWaiter("pid", service("b", "pid: service:a")),
    FailureWaiter("volumes_from", service("b", "volumes_from: [a]")),
    FailureWaiter("links", service("b", "links: [a]")),
    FailureWaiter("share: net", service("b", "depends_on: [a]"), options: ["--share", "net"]),
    FailureWaiter("share: pid", service("b", "depends_on: [a]"), options: ["--share", "pid"]),
    FailureWaiter("three of the failing", service("b", "depends_on: [a]"), keys: ["scale: 3"]),
    FailureWaiter("three that wait", service("b", "depends_on: [a]", "scale: 3")),
  ]

  /// The reason why this can't be combined with a kind; nil if it can.
  func contradiction(to kind: FailureKind) -> String? {
    if name == "share: net", kind.isAboutNetwork {
      return "a shared namespace has no network of the file's"
    }
    if name == "three of the failing", kind.keys.contains(where: { $0.contains("ipv4_address") }) {
      return "three containers can't have one address"
    }
    return nil
  }
}
