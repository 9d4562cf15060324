import Compose
import DockerEngine
import OrderedCollections

/// The operator's defaults for containers whose Compose file has no value: `defaults:` in the
/// operator's file.
package struct OperatorDefaults: Sendable, Equatable {
  /// The keys in the operator's file.
  package enum Key: String, Sendable, CaseIterable {
    /// Name servers.
    case dns
    /// Options of the resolver.
    case dnsOptions = "dns-options"
    /// Search domains.
    case dnsSearch = "dns-search"
    /// Environment variables.
    case environment
    /// Whether process 1 is the engine's init.
    case initProcess = "init"
    /// Labels.
    case labels
    /// The engine's logging driver: a setting of its own, outside of `defaults:`.
    case logging
    /// Whether a container without a memory limit gets the task's.
    case memoryLimit = "memory-limit"
    /// The maximum number of processes.
    case pidsLimit = "pids-limit"
    /// Proxies of containers and builds.
    case proxies
    /// The SELinux label of mounted files of the sandbox.
    case selinuxLabel = "selinux-label"
    /// The size of /dev/shm.
    case shmSize = "shm-size"
    /// The signal that requests a container to stop.
    case stopSignal = "stop-signal"
    /// Resource limits of processes.
    case ulimits
    /// The user namespace.
    case userns

    /// Whether the operator can enforce it.
    package var isEnforceable: Bool { self != .memoryLimit && self != .selinuxLabel }
  }

  /// Name servers, as addresses.
  package var dns: [String] = []
  /// Options of the resolver.
  package var dnsOptions: [String] = []
  /// Search domains.
  package var dnsSearch: [String] = []
  /// Environment variables by name.
  package var environment: [String: String] = [:]
  /// Whether process 1 is the engine's init; nil for the engine's default.
  package var initProcess: Bool?
  /// Labels by name.
  package var labels: [String: String] = [:]
  /// Whether a container without a memory limit gets the task's.
  package var givesTaskMemory = false
  /// The maximum number of processes; nil for no limit.
  package var pidsLimit: Int64?
  /// Proxy variables by name.
  package var proxies: [String: String] = [:]
  /// `z` or `Z`; nil to keep the labels unchanged.
  package var selinuxLabel: String?
  /// The size of /dev/shm in bytes.
  package var shmSize: Int64?
  /// The signal that requests a container to stop, if its image does not set one.
  package var stopSignal: String?
  /// Limits by name; -1 is no limit.
  package var ulimits: [String: UserLimit] = [:]
  /// `host`; nil for the engine's default.
  package var userns: String?
  /// The keys that a Compose file may only make stricter.
  package var enforced: Set<Key> = []

  /// Creates defaults that leave every value to the engine.
  package init() {}

  /// A create request completed with the defaults for keys that its file doesn't set.
  ///
  /// - Parameters:
  ///   - body: the request, created from the file.
  ///   - container: the container's plan.
  ///   - memory: the task's memory in bytes; nil if it has no limit.
  ///   - imageSignal: the image's own stop signal.
  /// - Returns: the request to send.
  func completing(
    _ body: ContainerCreate, of container: ContainerPlan, memory: Int64?,
    imageSignal: String? = nil
  ) -> ContainerCreate {
    var body = body
    var host = body.hostConfig ?? HostConfig()
    // The engine refuses these settings for a container in another container's network namespace.
    let mode = host.networkMode ?? ""
    if !mode.hasPrefix("container:"), mode != "none" {
      if host.dns == nil, !dns.isEmpty { host.dns = dns }
      if host.dnsOptions == nil, !dnsOptions.isEmpty { host.dnsOptions = dnsOptions }
      if host.dnsSearch == nil, !dnsSearch.isEmpty { host.dnsSearch = dnsSearch }
    }
    // The infrastructure container runs no program of the pod, and has its own configuration.
    if !container.isInfra {
      complete(&host, of: container.service, memory: memory)
      let signal = stopSignal(of: container.service, imageSignal: imageSignal)
      if let signal, signal != imageSignal { body.stopSignal = signal }
      // The file's values were checked to be equal; a different value comes from the task.
      let fixed = fixedVariables
      body.env = body.env?.filter { !fixed.keys.contains(String($0.prefix { $0 != "=" })) }
      let named = Set((body.env ?? []).map { $0.prefix { $0 != "=" } })
      let own = environment.merging(fixed.compactMapValues(\.self)) { $1 }.filter {
        !named.contains($0.key[...])
      }
      if !own.isEmpty {
        body.env = own.map { "\($0.key)=\($0.value)" }.sorted() + (body.env ?? [])
      }
      if !labels.isEmpty {
        let isFixed = enforced.contains(.labels)
        body.labels = labels.merging(body.labels ?? [:]) { own, requested in
          isFixed ? own : requested
        }
      }
    }
    body.hostConfig = host
    return body
  }

  /// Variables that only the operator can set, by name; nil for a variable that must not be set.
  var fixedVariables: [String: String?] {
    var fixed: [String: String?] = [:]
    if enforced.contains(.environment) { fixed.merge(environment) { $1 } }
    if enforced.contains(.proxies) { fixed.merge(allProxies) { $1 } }
    return fixed
  }

  /// All proxy variables by name, with the operator's values; nil for a variable without a value.
  var allProxies: [String: String?] {
    var all: [String: String?] = [:]
    for name in ["all", "ftp", "http", "https", "no"].map({ $0 + "_proxy" }) {
      all[name] = .some(proxies[name])
      all[name.uppercased()] = .some(proxies[name.uppercased()])
    }
    return all
  }

  /// The signal that requests a container to stop.
  ///
  /// - Parameters:
  ///   - service: its service.
  ///   - imageSignal: the image's own.
  /// - Returns: the signal; nil for the engine's default.
  func stopSignal(of service: Service, imageSignal: String?) -> String? {
    service.stopSignal
      ?? (enforced.contains(.stopSignal) ? stopSignal ?? imageSignal : imageSignal ?? stopSignal)
  }

  /// Whether the operator sets a default for a key.
  ///
  /// - Parameter key: the key.
  /// - Returns: true if a container may get a value from it.
  package func sets(_ key: Key) -> Bool {
    switch key {
    case .dns: !dns.isEmpty
    case .dnsOptions: !dnsOptions.isEmpty
    case .dnsSearch: !dnsSearch.isEmpty
    case .environment: !environment.isEmpty
    case .initProcess: initProcess != nil
    case .labels: !labels.isEmpty
    case .logging: false
    case .memoryLimit: givesTaskMemory
    case .pidsLimit: pidsLimit != nil
    case .proxies: !proxies.isEmpty
    case .selinuxLabel: selinuxLabel != nil
    case .shmSize: shmSize != nil
    case .stopSignal: stopSignal != nil
    case .ulimits: !ulimits.isEmpty
    case .userns: userns != nil
    }
  }

  private func complete(_ host: inout HostConfig, of service: Service, memory: Int64?) {
    host.`init` = host.`init` ?? initProcess
    if let pidsLimit, service.resources.pidsLimit == nil {
      // The existing limit comes from `allow: max-pids`.
      host.pidsLimit = min(host.pidsLimit ?? .max, Int(pidsLimit))
    }
    let missing = ulimits.filter { name, _ in service.resources.ulimits[name] == nil }
    if !missing.isEmpty {
      host.ulimits =
        (host.ulimits ?? [])
        + missing.sorted { $0.key < $1.key }.map { name, limit in
          Ulimit(name: name, soft: Int(limit.soft), hard: Int(limit.hard))
        }
    }
    if let userns, host.usernsMode ?? "" == "" { host.usernsMode = userns }
    if let shmSize, host.shmSize ?? 0 == 0 { host.shmSize = Int(shmSize) }
    // The engine refuses a limit of less than 6 MiB, and a memory limit above that of memory and
    // swap together.
    if givesTaskMemory, let memory, memory >= 6 << 20, host.memory == nil, host.memorySwap == nil {
      host.memory = max(Int(memory), host.memoryReservation ?? 0)
      // Without this the engine would limit swap to twice the memory; the task's cgroup limits it.
      host.memorySwap = -1
    }
  }
}
