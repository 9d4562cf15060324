import OrderedCollections
import PodControl
import PodRuntime
import Program

/// The state of a launch according to the pod's events: a row for each image, network, volume, hook
/// and service.
struct LaunchProgress: Sendable {
  /// The state of a row.
  enum State: Sendable { case working, waiting, done, failed, canceled }

  /// An object that the launch creates, starts or waits for.
  struct Row: Sendable {
    /// The kind: `image`, `network`, `volume`, `hook`, `service` or `engine`.
    let kind: String
    let name: String
    var state: State
    /// A description of the state: `created`, `waiting for 'db' to become healthy`.
    var text: String
    /// The condition that it waits for, as a whole line; nil while it waits for nothing.
    var wait: String?
    /// The beginning of its state, and of the row, as times since the beginning of the launch.
    var since: Duration
    let began: Duration
    /// Whether a service has started, and whether its health check must still succeed.
    var hasStarted = false
    var needsHealth = false
    /// The hook that runs in the service.
    var hook: String?

    mutating func set(
      _ state: State, _ text: String, waitingFor wait: String? = nil, at moment: Duration
    ) {
      guard self.state != state || self.text != text else { return }
      (self.state, self.text, self.wait, since) = (state, text, wait, moment)
    }
  }

  /// The result of the launch.
  enum End: Sendable { case running, stopping }

  private(set) var rows: OrderedDictionary<String, Row> = [:]
  /// Nil during the launch.
  private(set) var end: End?
  private var lastEvent = Duration.zero

  /// Applies an event.
  ///
  /// - Parameters:
  ///   - event: the event of the pod.
  ///   - moment: the time of the event since the beginning of the launch.
  /// - Returns: the line for an output without redrawing; nil where there is none, or where the log
  ///   already has one.
  mutating func add(_ event: PodEvent, at moment: Duration) -> String? {
    lastEvent = moment
    let subject = event.subject ?? event.service ?? ""
    switch event.kind {
    case .imagePulling: return begin("image", subject, "pulling", at: moment)
    case .imageRetrying:
      change("image", subject) { $0.set(.waiting, "waiting before the next attempt", at: moment) }
    case .imagePulled: return finish("image", subject, "pulled", at: moment)
    case .imageFailed: change("image", subject) { $0.set(.failed, "failed", at: moment) }
    case .imageBuilding:
      _ = begin("image", subject, "building", at: moment)
      return "building the image of '\(event.service ?? "")'"
    case .imageBuilt:
      let seconds = finish("image", subject, "built", at: moment).map { $0.split(separator: " ") }
      return
        "built the image of '\(event.service ?? "")' in \(seconds?.suffix(2).joined(separator: " ") ?? "")"
    case .networkCreated, .volumeCreated:
      let kind = event.kind == .networkCreated ? "network" : "volume"
      _ = begin(kind, subject, "creating", at: moment)
      _ = finish(kind, subject, "created", at: moment)
      return "\(kind) '\(subject)' created"
    case .hookStarted:
      _ = begin("hook", subject, "running", at: moment)
      return "running the \(subject) hook"
    case .hookExited:
      change("hook", subject) { row in
        row.set(
          event.message.isEmpty ? .done : .failed,
          event.message.isEmpty ? "exited with 0" : "failed", at: moment)
      }
    case .engineAway:
      _ = begin("engine", "Docker", "away", at: moment)
      change("engine", "Docker") { $0.set(.waiting, "away", waitingFor: Self.engine, at: moment) }
    case .engineBack: _ = finish("engine", "Docker", "back", at: moment)
    case .podRunning: end = end ?? .running
    case .podStopping: stop(at: moment)
    case .podStarting, .podEnded, nil: break
    default:
      if let service = event.service { return add(event, of: service, at: moment) }
    }
    return nil
  }

  private static let engine = "waiting for the Docker Engine"

  private mutating func begin(
    _ kind: String, _ name: String, _ text: String, at moment: Duration
  ) -> String {
    rows["\(kind) \(name)"] = Row(
      kind: kind, name: name, state: .working, text: text, since: moment, began: moment)
    return "\(text) \(name)"
  }

  private mutating func finish(
    _ kind: String, _ name: String, _ text: String, at moment: Duration
  ) -> String? {
    var seconds: Int64 = 0
    change(kind, name) { row in
      seconds = (moment - row.began).components.seconds
      row.set(.done, text, at: moment)
    }
    return "\(text) \(name) in \(seconds) s"
  }

  private mutating func change(_ kind: String, _ name: String, _ body: (inout Row) -> Void) {
    guard var row = rows["\(kind) \(name)"] else { return }
    body(&row)
    rows["\(kind) \(name)"] = row
  }

  /// Cancels all unfinished rows.
  private mutating func stop(at moment: Duration) {
    guard end == nil else { return }
    end = .stopping
    for (key, row) in rows where row.state == .working || row.state == .waiting {
      rows[key]?.set(.canceled, "canceled while \(row.text)", at: moment)
    }
  }

  private mutating func add(
    _ event: PodEvent, of service: String, at moment: Duration
  ) -> String? {
    if rows["service \(service)"] == nil {
      _ = begin("service", service, "creating", at: moment)
    }
    var line: String?
    change("service", service) { row in
      switch event.kind {
      case .containerCreated:
        if row.hasStarted { return }
        row.set(.working, "created", at: moment)
        line = "created"
      case .serviceWaiting where event.subject == service: row.needsHealth = true
      case .serviceWaiting:
        row.set(.waiting, event.message, waitingFor: event.message, at: moment)
        line = event.message
      case .containerStarted:
        row.hasStarted = true
        line = "started"
      case .serviceHookStarted:
        row.hook = event.subject
        row.set(
          .working, "running \(event.subject ?? "")",
          waitingFor: "waiting for the \(event.subject ?? "") of '\(service)' to exit", at: moment)
        line = row.text
      case .serviceHookExited:
        row.hook = nil
        line = "\(event.subject ?? "") exited with \(event.exitCode ?? 0)"
      case .serviceHealthy:
        row.needsHealth = false
        line = "healthy"
      case .serviceFailed: return row.set(.failed, "can't be started", at: moment)
      case .serviceUnhealthy:
        line = "unhealthy"
        return row.set(.failed, "unhealthy", at: moment)
      case .containerExited:
        row.hasStarted = false
        line = event.message
        return row.set(event.exitCode == 0 ? .done : .failed, event.message, at: moment)
      case .serviceRestarting:
        row.hasStarted = false
        return row.set(.working, "restarting", at: moment)
      default: return
      }
      guard row.hasStarted, row.hook == nil else { return }
      if row.needsHealth {
        row.set(
          .waiting, "waiting to become healthy",
          waitingFor: "waiting for '\(service)' to become healthy", at: moment)
      } else {
        row.set(.done, event.kind == .containerStarted ? "started" : "healthy", at: moment)
      }
    }
    return line.map { "service '\(service)': \($0)" }
  }

  /// The conditions that the launch waits for, one on each line.
  ///
  /// - Parameters:
  ///   - moment: the current time since the beginning of the launch.
  ///   - pulls: the progress of the pulls.
  /// - Returns: the lines, each condition once for any number of services.
  func waits(at moment: Duration, pulls: [String: PullStatus]) -> [String] {
    var found: OrderedDictionary<String, Duration> = [:]
    for row in rows.values where row.state == .working || row.state == .waiting {
      let text: String
      if let wait = row.wait {
        text = wait
      } else if row.kind == "image" {
        text = "\(row.text) \(row.name)" + (pulls[row.name].map { ": " + Self.text($0) } ?? "")
      } else if row.kind == "hook" {
        text = "waiting for the \(row.name) hook"
      } else {
        continue
      }
      found[text] = min(found[text] ?? .seconds(Int64.max), row.since)
    }
    if found.isEmpty { found[Self.engine] = lastEvent }
    return found.map { "\($0) (\((moment - $1).components.seconds) s)" }
  }

  /// The bytes and layers of a pull.
  static func text(_ pull: PullStatus) -> String {
    let layers = "\(pull.doneLayers) of \(pull.layers) layers"
    if pull.isExtracting { return "extracting, \(layers) done" }
    if pull.total == 0 { return "\(layers) done" }
    return "\(megabytes(pull.current)) of \(megabytes(pull.total)) MB, \(layers) done"
  }

  private static func megabytes(_ bytes: Int64) -> String {
    let tenths = bytes / 100_000
    return "\(tenths / 10).\(tenths % 10)"
  }
}
