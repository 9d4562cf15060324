/// What a key of a Compose file reaches outside of its pod, and so what an operator's `allow:` makes of it.
///
/// A key that a pod honors and that has no class is ``never``: what is new is refused until somebody has thought of it.
package enum KeyClass: Sendable, Equatable {
  /// Nothing outside of the pod.
  case harmless
  /// Its value is checked; how, in a few words.
  case confined(String)
  /// Something of the host that a permission opens.
  case needs(Permission)
  /// Files of the host: the sandbox's, and those that `bind-mounts` lists.
  case hostPath(Access)
  /// Hosts, networks or addresses that a permission opens.
  case network(Permission)
  /// Refused wherever there is an `allow:`.
  case never

  /// What is done with files of the host.
  package enum Access: String, Sendable {
    case read, write
  }
}

/// What the operator's `allow:` can permit, by its key there (docs/reference/settings.md).
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
