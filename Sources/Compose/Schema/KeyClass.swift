/// The reach of a key outside of its pod, which decides how the operator's `allow:` treats it.
///
/// A supported key without a class is ``never``: a new key is refused until it has been classified.
package enum KeyClass: Sendable, Equatable {
  /// No reach outside of the pod.
  case harmless
  /// The value is validated; the text names the rule.
  case confined(String)
  /// A resource of the host that requires a permission.
  case needs(Permission)
  /// Files of the host, in the sandbox or listed in `bind-mounts`.
  case hostPath(Access)
  /// Hosts, networks or addresses that require a permission.
  case network(Permission)
  /// Refused whenever `allow:` is set.
  case never

  /// The access to files of the host.
  package enum Access: String, Sendable {
    case read, write
  }
}

/// The permissions of the operator's `allow:`, with their keys (docs/reference/settings.md).
package enum Permission: String, Sendable, CaseIterable, Comparable {
  case privileged
  case hostNamespaces = "host-namespaces"
  case devices, capabilities
  case bindMounts = "bind-mounts"
  case dockerSocket = "docker-socket"
  case hooks, runtimes
  case networkDrivers = "network-drivers"
  case networks, subnets
  case volumeDrivers = "volume-drivers"
  case volumes
  case logDrivers = "log-drivers"
  case registries, build
  case publishedPorts = "published-ports"
  case securityOpt = "security-opt"
  case annotations, sysctls, ulimits
  case storageOpt = "storage-opt"
  case maxPids = "max-pids"
  case maxContainers = "max-containers"

  package static func < (left: Permission, right: Permission) -> Bool {
    left.rawValue < right.rawValue
  }
}
