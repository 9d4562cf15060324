import Foundation

/// The JSON of an app, as posted to `/v2/apps`, and the task that Marathon 1.11 creates for it. A
/// key that this type doesn't support is refused instead of ignored.
package struct MarathonApp: Sendable {
  /// Input that Marathon or this type rejects.
  package struct Refused: Error, CustomStringConvertible, Sendable {
    /// The reason.
    package let description: String
  }

  private static let keys: Set<String> = [
    "id", "executor", "cmd", "instances", "cpus", "mem", "portDefinitions", "fetch", "labels",
    "env", "user", "taskKillGracePeriodSeconds", "healthChecks", "disk", "gpus",
  ]
  private let app: JSON

  /// Reads an app.
  ///
  /// - Throws: Foundation's error if it isn't JSON, ``Refused``.
  package init(_ text: [UInt8]) throws {
    app = try JSON(parsing: text)
    guard case .object(let members) = app,
      let unknown = Set(members.keys).subtracting(Self.keys)
        .sorted().first
    else { return }
    throw Refused(description: "the key \(unknown)")
  }

  /// `user`. Nil for the framework's user.
  package var user: String? { app["user"]?.string }

  /// The task that Marathon sends to Mesos (src/main/scala/mesosphere/mesos/TaskBuilder.scala,
  /// `build`, for a `PathExecutor`).
  ///
  /// - Parameters:
  ///   - id: The task's ID.
  ///   - ports: Host ports in the order of the port definitions.
  /// - Returns: The task.
  /// - Throws: ``Refused`` for input that Marathon's validation refuses.
  package func task(id: String, ports: [Int]) throws -> TaskDescription {
    let definitions = app["portDefinitions"]?.array ?? []
    guard definitions.count == ports.count else {
      throw Refused(description: "\(definitions.count) port definitions for \(ports.count) ports")
    }
    try checkNames(of: definitions)
    // api/v2/validation/AppValidation.scala: "must not be an empty string". An app without `cmd` is
    // one with `args`, for which `commandInfo` sets `shell` to false. The command line below would
    // then be treated as the name of a program.
    let argument = app["cmd"]?.string ?? ""
    guard argument.count > 1 else { throw Refused(description: "cmd must not be an empty string") }
    var task = TaskDescription.marathon(
      app: app["id"]?.string ?? "", id: id, executor: app["executor"]?.string ?? "",
      argument: argument, ports: ports, labels: labels, killGrace: killGrace,
      healthCheck: try healthCheck(ports))
    task.cpus = app["cpus"]?.double ?? 1
    task.memory = app["mem"]?.double ?? 128
    // `executorResources` are empty unless the app sets them.
    task.executorCPUs = 0
    task.executorMemory = 0
    task.uris = (app["fetch"]?.array ?? []).map { FetchURI($0, address: "uri", extracts: true) }
    for (index, definition) in definitions.enumerated() {
      guard let name = definition["name"]?.string else { continue }
      task.executorEnvironment["PORT_\(name.uppercased())"] = "\(ports[index])"
    }
    for (name, value) in app["env"]?.members ?? [:] {
      task.executorEnvironment[name] = value.string ?? ""
    }
    return task
  }

  /// types/app.raml, network.raml and stringTypes.raml: `PathId`, `LegacyName`, `NetworkProtocol`.
  private func checkNames(of definitions: [JSON]) throws {
    let id = app["id"]?.string ?? ""
    let word = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
    guard id.wholeMatch(of: try Regex("(/?(\\.\\.|(\(word)\\.)*\(word)))+/?")) != nil else {
      throw Refused(description: "the id \(id)")
    }
    let names = definitions.compactMap { $0["name"]?.string }
    let odd = try names.first { try Regex(word).wholeMatch(in: $0) == nil }
    if let odd { throw Refused(description: "the port's name \(odd)") }
    guard Set(names).count == names.count else { throw Refused(description: "two ports of a name") }
    for protocolName in definitions.compactMap({ $0["protocol"]?.string })
    where !["tcp", "udp", "udp,tcp"].contains(protocolName) {
      throw Refused(description: "the protocol \(protocolName)")
    }
  }

  private var labels: [(key: String, value: String)] {
    (app["labels"]?.members ?? [:]).sorted { $0.key < $1.key }.map {
      ($0.key, $0.value.string ?? "")
    }
  }

  private var killGrace: Duration? {
    app["taskKillGracePeriodSeconds"]?.double.map { .seconds($0) }
  }

  /// core/health/HealthCheck.scala, `toMesos`. Marathon itself performs checks other than MESOS_*
  /// and COMMAND.
  private func healthCheck(_ ports: [Int]) throws -> JSON? {
    let checks = (app["healthChecks"]?.array ?? []).filter {
      let kind = $0["protocol"]?.string ?? ""
      return kind.hasPrefix("MESOS_") || kind == "COMMAND"
    }
    guard let check = checks.first else { return nil }
    let kind = check["protocol"]?.string ?? ""
    guard ["MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP", "COMMAND"].contains(kind), checks.count == 1
    else {
      throw Refused(description: "\(checks.count) checks, the first of protocol \(kind)")
    }
    var made: JSON = [
      "delay_seconds": .double(check["delaySeconds"]?.double ?? 15),
      "interval_seconds": .double(check["intervalSeconds"]?.double ?? 60),
      "timeout_seconds": .double(check["timeoutSeconds"]?.double ?? 20),
      "grace_period_seconds": .double(check["gracePeriodSeconds"]?.double ?? 300),
      "consecutive_failures": .integer(check["maxConsecutiveFailures"]?.integer ?? 3),
    ]
    if kind == "COMMAND" {
      made["type"] = "COMMAND"
      made["command"] = ["shell": true, "value": check["command"]?["value"] ?? ""]
      return made
    }
    let index = Int(check["portIndex"]?.integer ?? 0)
    let port = check["port"]?.integer ?? Int64(ports[index])
    if kind == "MESOS_TCP" {
      made["type"] = "TCP"
      made["tcp"] = ["port": .integer(port)]
      return made
    }
    made["type"] = "HTTP"
    made["http"] = [
      "scheme": kind == "MESOS_HTTP" ? "http" : "https", "port": .integer(port),
      "path": check["path"] ?? "/", "protocol": "IPv4",
    ]
    return made
  }
}
