/// A pod of random shape, for rounds in which services join, exit and stop at the same time.
struct LifePod: Sendable, Equatable {
  /// The reaction of a service's process to its stop signal.
  enum Reaction: Sendable, Equatable {
    /// It exits with a code after some time.
    case exits(milliseconds: Int, code: Int)
    /// It continues.
    case ignores
  }

  /// An exit by itself, some time after each start.
  struct Exit: Sendable, Equatable {
    var milliseconds: Int
    var code: Int
  }

  enum Restart: Sendable, Equatable {
    case no
    case onFailure(limit: Int?)
    case always

    /// The value of `restart:`.
    var text: String {
      switch self {
      case .no: "no"
      case .onFailure(let limit): "on-failure" + (limit.map { ":\($0)" } ?? "")
      case .always: "always"
      }
    }
  }

  enum Condition: String, Sendable {
    case started = "service_started"
    case healthy = "service_healthy"
    case completed = "service_completed_successfully"
  }

  struct Dependency: Sendable, Equatable {
    var service: String
    var condition = Condition.started
    var required = true
    var restart = false
  }

  enum Namespace: String, Sendable {
    case network = "network_mode"
    case pid, ipc
  }

  /// The namespace of another service that a service joins.
  struct Joined: Sendable, Equatable {
    var namespace: Namespace
    var owner: String
  }

  /// A command of a service's lifecycle.
  struct Hook: Sendable, Equatable {
    /// The duration; nil for a command that hangs.
    var milliseconds: Int?
    var code = 0
  }

  struct Service: Sendable, Equatable {
    var name: String
    var reaction = Reaction.exits(milliseconds: 0, code: 0)
    var exit: Exit?
    var restart = Restart.no
    /// Without `SIG`; nil for TERM.
    var stopSignal: String?
    /// `stop_grace_period` in milliseconds; nil for Docker's 10 s.
    var gracePeriod: Int?
    var hasHealthcheck = false
    var dependencies: [Dependency] = []
    var joined: Joined?
    var preStart: Hook?
    var postStart: Hook?
    var preStop: Hook?
  }

  var services: [Service] = []
  /// The namespaces of `--share`; empty for none.
  var shared = ""
  /// The name of the infrastructure container in the engine's events.
  static let infra = "infra"

  func service(_ name: String) -> Service? { services.first { $0.name == name } }

  /// The services that restart whenever `owner` does: services in its namespaces, services whose
  /// `depends_on` has `restart: true`, and their groups.
  func group(of owner: String) -> Set<String> { closure(of: owner) { $0.livesBy($1) } }

  private func closure(
    of name: String, _ follows: (Service, String) -> Bool
  ) -> Set<String> {
    var found: Set<String> = []
    var open = [name]
    while let next = open.popLast() {
      for service in services where service.name != name && follows(service, next) {
        if found.insert(service.name).inserted { open.append(service.name) }
      }
    }
    return found
  }

  /// The services that depend on another one, directly or indirectly.
  func dependents(of name: String) -> Set<String> {
    closure(of: name) { service, other in service.needs.contains { $0.service == other } }
  }

  /// The length of the longest chain of dependencies below a service.
  func depth(of name: String) -> Int {
    service(name)?.needs.map { depth(of: $0.service) + 1 }.max() ?? 0
  }

  /// The number of services in the longest chain of dependencies.
  var levels: Int { (services.map { depth(of: $0.name) }.max() ?? 0) + 1 }

  /// The Compose file.
  var yaml: String {
    let shareable = Set(services.compactMap(\.joined).filter { $0.namespace == .ipc }.map(\.owner))
    return
      (["services:"]
      + services.flatMap { $0.yaml(isShareable: shareable.contains($0.name)) })
      .joined(separator: "\n") + "\n"
  }

  /// The process of each service: it writes the signals that it receives into /box/log, and exits
  /// with the code that it reads from its FIFO.
  static let process = """
    # NAME SIGNAL REACTION [AFTER CODE]
    n=$1
    log() { read -r up rest </proc/uptime; echo "$up $n $*" >>/box/log; }
    end() { log exit "$1"; exit "$1"; }
    for s in TERM INT USR1 QUIT; do trap "log signal $s" "$s"; done
    [ "$2" = KILL ] || trap "log signal $2; $3" "$2"
    exec 3<>"/box/$n.do"
    log start
    [ -z "$4" ] || { sleep "$4"; echo "$5" >&3; } &
    while :; do read -r code <&3 && end "$code"; done

    """

  /// The command of each hook.
  static let hook = """
    # NAME KIND SECONDS CODE
    n=$1 k=$2
    log() { read -r up rest </proc/uptime; echo "$up $n $k $*" >>/box/log; }
    for s in TERM INT USR1 QUIT; do trap "log signal $s; exit 0" "$s"; done
    log start
    sleep "$3" & wait $!
    log exit "$4"
    exit "$4"

    """
}

extension LifePod.Service {
  /// All services that have to start before it: the namespace that it joins implies a dependency.
  var needs: [LifePod.Dependency] {
    guard let joined, !dependencies.contains(where: { $0.service == joined.owner }) else {
      return dependencies
    }
    return dependencies + [LifePod.Dependency(service: joined.owner)]
  }

  /// Whether it exits repeatedly by itself.
  var isFlapping: Bool {
    guard let exit else { return false }
    return restart == .always || exit.code != 0 && restart != .no
  }

  /// Whether it restarts whenever another one does.
  func livesBy(_ other: String) -> Bool {
    joined?.owner == other || dependencies.contains { $0.service == other && $0.restart }
  }

  /// The number of its stop signal.
  var stopNumber: Int {
    ["INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10][stopSignal ?? "TERM"] ?? 15
  }

  fileprivate func yaml(isShareable: Bool) -> [String] {
    let command =
      ["sh", "/box/process", name, stopSignal ?? "TERM", reactionText]
      + (exit.map { [Self.seconds($0.milliseconds), "\($0.code)"] } ?? [])
    var lines = [
      "  \(name):", "    image: pod-test/busybox", "    volumes: ['.:/box']",
      "    command: \(Self.list(command))",
    ]
    if restart != .no { lines.append("    restart: \(restart.text)") }
    if let stopSignal { lines.append("    stop_signal: SIG\(stopSignal)") }
    if let gracePeriod { lines.append("    stop_grace_period: \(gracePeriod)ms") }
    if hasHealthcheck {
      let test = Self.list(["CMD", "test", "!", "-e", "/box/\(name).sick"])
      lines.append("    healthcheck: {test: \(test), interval: 300ms, retries: 2}")
    }
    if !dependencies.isEmpty {
      lines.append("    depends_on:")
      lines += dependencies.map { "      \($0.service): {\($0.text)}" }
    }
    if let joined { lines.append("    \(joined.namespace.rawValue): 'service:\(joined.owner)'") }
    if isShareable, joined?.namespace != .ipc { lines.append("    ipc: shareable") }
    for (kind, hook) in [
      ("pre_start", preStart), ("post_start", postStart), ("pre_stop", preStop),
    ] {
      guard let hook else { continue }
      let words = [
        "sh", "/box/hook", name, kind, hook.milliseconds.map(Self.seconds) ?? "1000",
        "\(hook.code)",
      ]
      lines.append("    \(kind): [{command: \(Self.list(words))}]")
    }
    return lines
  }

  private var reactionText: String {
    switch reaction {
    case .ignores: ":"
    case .exits(0, let code): "end \(code)"
    case .exits(let time, let code): "sleep \(Self.seconds(time)); end \(code)"
    }
  }

  private static func seconds(_ milliseconds: Int) -> String {
    "\(milliseconds / 1000).\(milliseconds % 1000 / 100)"
  }

  private static func list(_ words: [String]) -> String {
    "[" + words.map { "'\($0)'" }.joined(separator: ", ") + "]"
  }
}

extension LifePod.Dependency {
  fileprivate var text: String {
    "condition: \(condition.rawValue)" + (required ? "" : ", required: false")
      + (restart ? ", restart: true" : "")
  }
}
