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
    func same(_ name: String, _ asked: [String], _ own: [String]) throws(DiagnosticError) {
      if !asked.isEmpty, !own.isEmpty, asked != own {
        throw refusal(
          "\(name) \(asked.joined(separator: ", "))", own.joined(separator: ", "), key, at: name,
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
        if let asked = Self.differing(service.environment, name, own) {
          throw refusal("environment \(asked)", word, key, at: "environment.\(asked)", of: service)
        }
        for hook in service.postStart + service.preStop {
          if let asked = Self.differing(hook.environment, name, own) {
            throw refusal("environment \(asked)", word, key, hook.position)
          }
        }
        if key == .proxies, let build = service.build, let asked = build.args[name], asked != own {
          throw refusal("build argument \(name)", word, key, build.position)
        }
      }
    case .labels:
      for (name, own) in labels.sorted(by: { $0.key < $1.key }) {
        if let asked = service.labels[name], asked.value != own {
          throw refusal("label \(name)", own, key, asked.position)
        }
      }
    case .initProcess:
      if let asked = service.initProcess, let initProcess, asked != initProcess {
        throw refusal("init \(asked)", "\(initProcess)", key, at: "init", of: service)
      }
    case .stopSignal:
      if let asked = service.stopSignal {
        try same("stop_signal", [asked], stopSignal.map { [$0] } ?? [])
      }
    case .userns:
      if let asked = service.isolation.userNamespace, !asked.value.isEmpty, asked.value != userns {
        throw refusal("userns_mode \(asked.value)", userns ?? "the engine's", key, asked.position)
      }
    case .pidsLimit:
      if let asked = service.resources.pidsLimit, let pidsLimit, asked < 1 || asked > pidsLimit {
        let location =
          service.locations["pids_limit"] == nil ? "deploy.resources.limits.pids" : "pids_limit"
        throw refusal("pids_limit \(asked)", "at most \(pidsLimit)", key, at: location, of: service)
      }
    case .shmSize:
      if let asked = service.shmSize, let shmSize, asked.bytes < 1 || asked.bytes > shmSize {
        throw refusal(
          "shm_size \(asked.bytes)", "at most \(shmSize) bytes", key, at: "shm_size", of: service)
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
        guard let asked = service.resources.ulimits[name] else { continue }
        if Self.exceeds(asked.soft, own.soft) || Self.exceeds(asked.hard, own.hard) {
          throw refusal(
            "ulimits \(name) \(asked.soft):\(asked.hard)", "at most \(own.soft):\(own.hard)", key,
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
    _ asked: OrderedDictionary<String, String?>, _ name: String, _ own: String?
  ) -> String? {
    asked.first { key, value in
      key == name ? value != own : key.hasPrefix(name + "=")
    }?.key
  }

  /// Whether a limit is above another; -1 is no limit.
  private static func exceeds(_ asked: Int64, _ most: Int64) -> Bool {
    if most < 0 { return false }
    return asked < 0 || asked > most
  }

  /// The driver must be the operator's, and so must each option, except that logs may be smaller.
  private func check(_ asked: Logging?, _ logging: PodLogging) throws(DiagnosticError) {
    guard let asked else { return }
    guard let own = logging.config, let type = own.type else {
      throw refusal("logging", "left to the engine", .logging, asked.position)
    }
    if (asked.driver?.value ?? "json-file") != type {
      throw refusal(
        "logging driver \(asked.driver?.value ?? "json-file")", type, .logging,
        asked.driver?.position ?? asked.position)
    }
    // These options only add to a line of the log; all others affect the log's size or destination.
    let harmless = ["compress", "env", "env-regex", "labels", "labels-regex", "tag"]
    for name in asked.options.keys where own.config?[name] == nil && !harmless.contains(name) {
      throw refusal("logging option \(name)", "none", .logging, asked.position)
    }
    for (name, value) in own.config ?? [:] where asked.options[name] != value {
      if let option = asked.options[name], name == "max-size" || name == "max-file",
        let size = ByteSize(option)?.bytes, let most = ByteSize(value)?.bytes, 1...most ~= size
      {
        continue
      }
      let option = asked.options[name].map { "option \(name) \($0)" } ?? "without option \(name)"
      throw refusal("logging \(option)", value, .logging, asked.position)
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
