import DockerEngine
import PodControl

extension SandboxReport {
  /// The largest document in bytes.
  static let mostBytes = 1 << 20

  /// The document of `pod-report.json`.
  ///
  /// - Returns: JSON of at most 1 MiB. If it would be larger, the engine's descriptions of
  ///   containers and the events are omitted, then the containers' output, then everything except
  ///   the pod's outcome; `truncated` is set.
  package func json() -> [UInt8] {
    for level in [Detail.all, .states, .few] {
      let bytes = Self.bytes(document(level))
      if bytes.count <= Self.mostBytes { return bytes }
    }
    var end = self
    (end.containers, end.services, end.images, end.ports) = ([], [], [], [])
    (end.files, end.networks, end.volumes, end.events) = ([], [], [], [])
    return Self.bytes(end.document(.few))
  }

  /// The amount of data in a document.
  fileprivate enum Detail: Int { case all, states, few }

  private static func bytes(_ document: EngineValue) -> [UInt8] {
    var bytes: [UInt8] = []
    ReportText.append(document, to: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  private func document(_ detail: Detail) -> EngineValue {
    var all = Fields()
    all.add("version", Self.version)
    all.add("report", "pod")
    all.add("writer", writer.rawValue)
    all.add("program", program)
    all.add("time", time)
    all.add("task", task)
    all.add("executor", executor)
    all.add("framework", framework.isEmpty ? nil : framework)
    all.add("agent", agent.isEmpty ? nil : agent)
    all.add("run", run)
    all.add("project", project)
    all.add("outcome", outcome.value)
    all.add("kept_until", keptUntil)
    all.add("phases", .list(phases.map(\.value)))
    all.add("plan", plan)
    all.add("containers", .list(containers.prefix(300).map { $0.value(detail) }))
    all.add("images", .list(images.prefix(200).map(\.value)))
    var usage = Fields()
    usage.add("peak_memory", peakMemory.map { .integer($0) })
    usage.add("cpu_seconds", cpuSeconds.map { .number(Self.rounded($0)) })
    all.add("usage", usage.value)
    all.add("events", .list(detail == .all ? events.suffix(200).map(\.reported) : []))
    if detail != .all || containers.count > 300 { all.add("truncated", .boolean(true)) }
    all.add("left_out", SafeInspection.leftOut)
    return all.value
  }

  private var plan: EngineValue {
    var plan = Fields()
    plan.add("files", texts: files)
    plan.add("services", .list(services.map(\.value)))
    plan.add("networks", texts: networks)
    plan.add("volumes", texts: volumes)
    plan.add(
      "ports",
      .list(
        ports.prefix(500).map { port in
          var fields = Fields()
          fields.add("service", port.service)
          fields.add("container", port.container)
          fields.add("host", port.host)
          fields.add("protocol", port.protocolName)
          return fields.value
        }))
    return plan.value
  }

  static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}

/// An object that is built key by key, without keys whose value is nil.
private struct Fields {
  private var fields: [EngineValue.Field] = []

  var value: EngineValue { .object(fields) }

  mutating func add(_ key: String, _ value: EngineValue?) {
    if let value { fields.append(.init(key, value)) }
  }

  mutating func add(_ key: String, _ text: String?, limit: Int = 4096) {
    add(key, text.map { EngineValue.text(ReportText.cut($0, to: limit)) })
  }

  mutating func add(_ key: String, _ number: Int?) {
    add(key, number.map { EngineValue.integer(Int64($0)) })
  }

  mutating func add(_ key: String, texts: [String]) {
    add(key, .list(texts.prefix(500).map { .text(ReportText.cut($0, to: 4096)) }))
  }
}

extension SandboxReport.Outcome {
  fileprivate var value: EngineValue {
    var fields = Fields()
    fields.add("state", state)
    fields.add("cause", cause)
    fields.add("message", message)
    fields.add("exit_code", exitCode)
    fields.add("decided_by", decidedBy)
    fields.add("optional_failures", texts: optionalFailures)
    fields.add("not_removed", texts: notRemoved)
    return fields.value
  }
}

extension SandboxReport.Phase {
  fileprivate var value: EngineValue {
    var fields = Fields()
    fields.add("phase", name)
    fields.add("started", started)
    fields.add("ended", ended)
    fields.add("seconds", seconds.map { .number(SandboxReport.rounded($0)) })
    return fields.value
  }
}

extension SandboxReport.Service {
  fileprivate var value: EngineValue {
    var fields = Fields()
    fields.add("name", name)
    fields.add("role", role)
    fields.add("containers", containers)
    fields.add("image", image)
    fields.add("restart", restart)
    fields.add("order", order)
    fields.add(
      "depends_on",
      .list(
        dependencies.prefix(200).map {
          var fields = Fields()
          fields.add("service", $0.service)
          fields.add("condition", $0.condition)
          return fields.value
        }))
    return fields.value
  }
}

extension SandboxReport.Container {
  fileprivate func value(_ detail: SandboxReport.Detail) -> EngineValue {
    var fields = Fields()
    fields.add("name", name)
    fields.add("kind", kind)
    fields.add("role", role)
    fields.add("id", id)
    fields.add("state", state)
    fields.add("exit_code", exitCode)
    fields.add("out_of_memory", isOutOfMemory.map { .boolean($0) })
    fields.add("restarts", restarts)
    fields.add("started", time("StartedAt"))
    fields.add("finished", time("FinishedAt"))
    fields.add("image_id", inspection?["Image"])
    fields.add("health", health)
    fields.add(
      "health_checks",
      .list(
        (detail == .few ? [] : healthChecks).map { check in
          var fields = Fields()
          fields.add("started", check.started)
          fields.add("exit_code", check.exitCode)
          fields.add("output", check.output)
          return fields.value
        }))
    fields.add("peak_memory", peakMemory.map { .integer($0) })
    fields.add("cpu_seconds", cpuSeconds.map { .number(SandboxReport.rounded($0)) })
    let lines = detail == .few ? [] : lastOutput.suffix(20).map { ReportText.cut($0, to: 400) }
    fields.add("last_output", texts: lines)
    if detail == .all { fields.add("inspect", inspection.map(SafeInspection.selected)) }
    return fields.value
  }

  private var status: EngineValue? { inspection?["State"] }

  /// The state of its health check.
  var health: String? {
    if case .text(let text)? = status?["Health"]?["Status"], text != "none" { text } else { nil }
  }

  var isOutOfMemory: Bool? {
    if case .boolean(let value)? = status?["OOMKilled"] { value } else { nil }
  }

  /// Go's zero time means that there is none.
  private func time(_ key: String) -> String? {
    guard case .text(let text)? = status?[key], !text.hasPrefix("0001-"), !text.isEmpty else {
      return nil
    }
    return text
  }

  /// The last runs of its health check, oldest first.
  var healthChecks: [SandboxReport.HealthCheck] {
    guard case .list(let log)? = status?["Health"]?["Log"] else { return [] }
    return log.suffix(5).map { entry in
      func text(_ key: String) -> String {
        if case .text(let text)? = entry[key] { text } else { "" }
      }
      let code: Int =
        if case .integer(let code)? = entry["ExitCode"] { Int(clamping: code) } else { -1 }
      return .init(started: text("Start"), exitCode: code, output: text("Output"))
    }
  }
}

extension SandboxReport.Image {
  fileprivate var value: EngineValue {
    var fields = Fields()
    fields.add("id", id)
    fields.add("names", texts: names)
    fields.add("digests", texts: digests)
    return fields.value
  }
}

extension PodEvent {
  fileprivate var reported: EngineValue {
    var fields = Fields()
    fields.add("time", time)
    fields.add("event", event)
    fields.add("service", service)
    fields.add("subject", subject)
    fields.add("container", container)
    fields.add("exit_code", exitCode)
    fields.add("message", message, limit: 500)
    return fields.value
  }
}
