import Compose
import DockerEngine
import OrderedCollections
import YAML

extension OperatorDefaults {
  /// Refuses a project that is weaker than a default that the operator enforces.
  ///
  /// - Parameters:
  ///   - project: the project.
  ///   - logging: the operator's logging configuration.
  /// - Throws: `DiagnosticError` with the line that is weaker.
  func check(_ project: Project, logging: PodLogging) throws(DiagnosticError) {
    if enforced.isEmpty { return }
    for service in project.services.values.flatMap(\.withPreStart) {
      for key in Key.allCases where enforced.contains(key) {
        try check(key, of: service, logging)
      }
    }
  }

  private func check(
    _ key: Key, of service: Service, _ logging: PodLogging
  ) throws(DiagnosticError) {
    func same(_ name: String, _ requested: [String], _ own: [String]) throws(DiagnosticError) {
      if !requested.isEmpty, !own.isEmpty, requested != own {
        throw refusal(
          "\(name) \(requested.joined(separator: ", "))", own.joined(separator: ", "), key,
          at: name,
          of: service)
      }
    }
    switch key {
    case .dns: try same("dns", service.dns, dns)
    case .dnsOptions: try same("dns_opt", service.dnsOptions, dnsOptions)
    case .dnsSearch: try same("dns_search", service.dnsSearch, dnsSearch)
    case .environment, .proxies:
      let fixed = key == .proxies ? allProxies : environment.mapValues { $0 }
      for (name, own) in fixed.sorted(by: { $0.key < $1.key }) {
        let word = own ?? "not set"
        if let requested = Self.differing(service.environment, name, own) {
          throw refusal(
            "environment \(requested)", word, key, at: "environment.\(requested)", of: service)
        }
        for hook in service.postStart + service.preStop {
          if let requested = Self.differing(hook.environment, name, own) {
            throw refusal("environment \(requested)", word, key, hook.position)
          }
        }
        if key == .proxies, let build = service.build, let requested = build.args[name],
          requested != own
        {
          throw refusal("build argument \(name)", word, key, build.position)
        }
      }
    case .labels:
      for (name, own) in labels.sorted(by: { $0.key < $1.key }) {
        if let requested = service.labels[name], requested.value != own {
          throw refusal("label \(name)", own, key, requested.position)
        }
      }
    case .initProcess:
      if let requested = service.initProcess, let initProcess, requested != initProcess {
        throw refusal("init \(requested)", "\(initProcess)", key, at: "init", of: service)
      }
    case .stopSignal:
      if let requested = service.stopSignal {
        try same("stop_signal", [requested], stopSignal.map { [$0] } ?? [])
      }
    case .userns:
      if let requested = service.isolation.userNamespace, !requested.value.isEmpty,
        requested.value != userns
      {
        throw refusal(
          "userns_mode \(requested.value)", userns ?? "the engine's", key, requested.position)
      }
    case .pidsLimit:
      if let requested = service.resources.pidsLimit, let pidsLimit,
        requested < 1 || requested > pidsLimit
      {
        let location =
          service.locations["pids_limit"] == nil ? "deploy.resources.limits.pids" : "pids_limit"
        throw refusal(
          "pids_limit \(requested)", "at most \(pidsLimit)", key, at: location, of: service)
      }
    case .shmSize:
      if let requested = service.shmSize, let shmSize,
        requested.bytes < 1 || requested.bytes > shmSize
      {
        throw refusal(
          "shm_size \(requested.bytes)", "at most \(shmSize) bytes", key, at: "shm_size",
          of: service)
      }
      switch service.ipc?.value {
      case .host, .container:
        throw refusal(
          "ipc of the host or of another container", "a /dev/shm of the pod", key,
          service.ipc?.position)
      default: break
      }
      if let mount = service.mounts.first(where: { $0.target.isSharedMemory }) {
        throw refusal(
          "a mount at \(mount.target)", "at most \(shmSize ?? 0) bytes", key, mount.position)
      }
    case .ulimits:
      for (name, own) in ulimits.sorted(by: { $0.key < $1.key }) {
        guard let requested = service.resources.ulimits[name] else { continue }
        if Self.exceeds(requested.soft, own.soft) || Self.exceeds(requested.hard, own.hard) {
          throw refusal(
            "ulimits \(name) \(requested.soft):\(requested.hard)",
            "at most \(own.soft):\(own.hard)", key,
            at: "ulimits.\(name)", of: service)
        }
      }
    case .logging: try check(service.logging, logging)
    case .memoryLimit, .selinuxLabel: break
    }
  }

  /// The name of a variable that would differ from the operator's value; nil if there is none. A
  /// null value removes the image's variable, and the engine reads a name up to its first `=`.
  private static func differing(
    _ requested: OrderedDictionary<String, String?>, _ name: String, _ own: String?
  ) -> String? {
    requested.first { key, value in
      key == name ? value != own : key.hasPrefix(name + "=")
    }?.key
  }

  /// Whether a limit is above another; -1 is no limit.
  private static func exceeds(_ requested: Int64, _ most: Int64) -> Bool {
    if most < 0 { return false }
    return requested < 0 || requested > most
  }

  /// The driver must be the operator's, and so must each option, except that logs may be smaller.
  private func check(_ requested: Logging?, _ logging: PodLogging) throws(DiagnosticError) {
    guard let requested else { return }
    guard let own = logging.config, let type = own.type else {
      throw refusal("logging", "left to the engine", .logging, requested.position)
    }
    if (requested.driver?.value ?? "json-file") != type {
      throw refusal(
        "logging driver \(requested.driver?.value ?? "json-file")", type, .logging,
        requested.driver?.position ?? requested.position)
    }
    // These options only add to a line of the log; all others affect the log's size or destination.
    let harmless = ["compress", "env", "env-regex", "labels", "labels-regex", "tag"]
    for name in requested.options.keys where own.config?[name] == nil && !harmless.contains(name) {
      throw refusal("logging option \(name)", "none", .logging, requested.position)
    }
    for (name, value) in own.config ?? [:] where requested.options[name] != value {
      if let option = requested.options[name], name == "max-size" || name == "max-file",
        let size = ByteSize(option)?.bytes, let most = ByteSize(value)?.bytes, 1...most ~= size
      {
        continue
      }
      let option =
        requested.options[name].map { "option \(name) \($0)" } ?? "without option \(name)"
      throw refusal("logging \(option)", value, .logging, requested.position)
    }
  }

  private func refusal(
    _ what: String, _ own: String, _ key: Key, at location: String, of service: Service
  ) -> DiagnosticError {
    let parent = String(location.prefix { $0 != "." })
    return refusal(
      what, own, key, service.locations[location] ?? service.locations[parent] ?? service.position)
  }

  private func refusal(
    _ what: String, _ own: String, _ key: Key, _ position: SourcePosition?
  ) -> DiagnosticError {
    DiagnosticError(
      "\(what) is not allowed on this host: \(own) (operator's file, defaults: enforce: \(key.rawValue))",
      at: position)
  }
}

extension String {
  /// Whether a path in a container is /dev/shm, in any spelling.
  fileprivate var isSharedMemory: Bool {
    var parts: [Substring] = []
    for part in split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return parts == ["dev", "shm"]
  }
}
