import OrderedCollections
import YAML

/// The lists of `docker compose config`. Where Docker Compose prints the random order of a Go map,
/// the names are sorted.
extension Project {
  /// The names of the enabled services, each after its dependencies.
  package var serviceNames: [String] {
    var (names, seen): ([String], Set<String>) = ([], [])
    for start in Self.sorted(canonicalServices.keys) {
      // Iterative depth-first search: recursion could overflow the stack on a long chain.
      var open: [(name: String, next: [String])] = []
      func enter(_ name: String) {
        guard let service = canonicalServices[name]?.value, seen.insert(name).inserted else {
          return
        }
        let needed = Self.sorted((service["depends_on"]?.mapping ?? [:]).keys)
        open.append((name, needed.reversed()))
      }
      enter(start)
      while let last = open.indices.last {
        if let next = open[last].next.popLast() {
          enter(next)
        } else {
          names.append(open.removeLast().name)
        }
      }
    }
    return names
  }

  /// The keys of the networks that the services use.
  package var networkNames: [String] { names(of: "networks") }

  /// The keys of the volumes that the services use.
  package var volumeNames: [String] { names(of: "volumes") }

  /// The image names of each service, its `pre_start` containers, and each job.
  package var imageNames: [String] {
    let containers = canonicalServices.merging(canonical["jobs"]?.mapping ?? [:]) { own, _ in own }
    return Self.sorted(containers.keys).flatMap { name -> [String] in
      guard let service = containers[name]?.value else { return [] }
      let written = service["image"]?.string ?? ""
      let own = written.isEmpty ? "\(self.name)-\(name)" : written
      let hooks = (service["pre_start"]?.sequence ?? []).compactMap { $0["image"]?.string }
      return [own] + hooks.filter { !$0.isEmpty && $0 != own }
    }
  }

  /// The names of the profiles of all services, enabled or not, each once.
  package var profileNames: [String] {
    let enabled = canonicalServices.values.flatMap { $0.value["profiles"]?.strings ?? [] }
    return Self.sorted(Set(enabled + disabledServices.flatMap(\.profiles)))
  }

  /// The variables for interpolation, as `NAME=value`.
  package var environmentLines: [String] {
    Self.sorted(environment.map { "\($0.key)=\($0.value)" })
  }

  /// The digests by which Docker Compose detects that a service has changed since its container was
  /// created; the container's label `com.docker.compose.config-hash`.
  ///
  /// - Parameter names: The services; empty for all enabled services.
  /// - Returns: The digests in hexadecimal digits, by service name.
  /// - Throws: A `DiagnosticError` for an unknown service, or if `build.platforms` doesn't contain
  ///   DOCKER_DEFAULT_PLATFORM.
  package func hashes(of names: [String]) throws(DiagnosticError) -> [(name: String, hash: String)]
  {
    if let missing = names.first(where: { canonicalServices[$0] == nil }) {
      throw DiagnosticError("there is no service `\(missing)`")
    }
    let wanted = Self.sorted(names.isEmpty ? Set(canonicalServices.keys) : Set(names))
    var tree = canonical
    try tree.edit("services") { (services) throws(DiagnosticError) in
      for name in wanted {
        try services.edit(name) { (service) throws(DiagnosticError) in
          try setPlatform(of: &service)
          for key in ["build", "pull_policy", "scale", "depends_on", "profiles"] {
            service.remove(key)
          }
          service.edit("deploy") { $0.remove("replicas") }
        }
      }
    }
    let arranged = ConfigOutputOrder(format: .json).project(tree)["services"]
    return wanted.map { name in
      let service = arranged?[name].map(HashedService.arrange)
      return (name, SHA256.digest(of: service.map(JSONWriter.compact) ?? []))
    }
  }

  private func setPlatform(of service: inout YAMLNode) throws(DiagnosticError) {
    guard let build = service["build"], let platform = environment["DOCKER_DEFAULT_PLATFORM"],
      !platform.isEmpty, service["platform"]?.string?.isEmpty != false
    else { return }
    if let platforms = build["platforms"], !platforms.strings.isEmpty,
      !platforms.strings.contains(platform)
    {
      throw DiagnosticError(
        "`build.platforms` doesn't have \(platform), which DOCKER_DEFAULT_PLATFORM selects",
        at: platforms.position)
    }
    service.set("platform", text: platform)
  }

  private var canonicalServices: OrderedDictionary<String, YAMLNode.Entry> {
    canonical["services"]?.mapping ?? [:]
  }

  private func names(of kind: String) -> [String] {
    Self.sorted((canonical[kind]?.mapping ?? [:]).keys)
  }

  private static func sorted(_ names: some Sequence<String>) -> [String] {
    names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

/// The form of a service that Docker Compose hashes: the keys of its JSON in the order of the
/// original Go struct, which differs from the order of `config`.
private enum HashedService {
  private static let order = """
    annotations attach develop blkio_config cap_add cap_drop cgroup_parent cgroup cpu_count cpu_percent cpu_period \
    cpu_quota cpu_rt_period cpu_rt_runtime cpus cpuset cpu_shares command configs container_name credential_spec deploy \
    device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint provider environment env_file expose \
    extends external_links extra_hosts group_add gpus hostname healthcheck image init ipc isolation labels label_file \
    links logging mem_limit mem_reservation memswap_limit mem_swappiness mac_address models network_mode networks \
    oom_kill_disable oom_score_adj pid pids_limit platform ports privileged read_only restart runtime secrets \
    security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits \
    use_api_socket user userns_mode uts volumes volumes_from working_dir pre_start post_start pre_stop
    """.split(separator: " ").map(String.init)

  static func arrange(_ service: YAMLNode) -> YAMLNode {
    guard let entries = service.mapping else { return service }
    var arranged: OrderedDictionary<String, YAMLNode.Entry> = [:]
    for key in order { arranged[key] = entries[key] }
    arranged.merge(entries) { known, _ in known }
    return YAMLNode(.mapping(arranged), at: service.position)
  }
}
