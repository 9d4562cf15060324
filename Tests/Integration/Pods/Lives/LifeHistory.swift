import Foundation
import TestSupport

/// The events of a round, as its containers, the engine, the executor and the test recorded them.
struct LifeHistory: Sendable, Equatable {
  /// An event of a container.
  enum What: Sendable, Equatable {
    /// Reported by the engine.
    case started
    case killed(signal: Int)
    case died(code: Int)
    case healthy
    case unhealthy
    /// Reported by the service's process.
    case began
    case signaled(String)
    case exits(code: Int)
  }

  struct Entry: Sendable, Equatable, CustomStringConvertible {
    /// Milliseconds since the executor's start.
    var time: Int
    /// The service; with the suffix `/pre_start`, `/post_start` or `/pre_stop` for its hooks.
    var subject: String
    var what: What

    var description: String { "\(time) ms: \(subject) \(what)" }
  }

  /// A state that the executor printed.
  struct State: Sendable, Equatable {
    var time: Int
    var name: String
    var message: String
  }

  /// An action of another client on a container, with its begin and end.
  struct Intrusion: Sendable, Equatable {
    var service: String
    var began: Int
    var ended: Int
  }

  var entries: [Entry] = []
  /// The times at which TERM was sent to the executor.
  var terms: [Int] = []
  var intrusions: [Intrusion] = []
  var states: [State] = []
  /// The time and the status of the executor's exit.
  var ended = 0
  var status = ExitStatus.exited(0)
  var stderr: [String] = []
  /// Objects of the pod that were not removed.
  var left: [String] = []

  /// Adds entries, ordered by time; entries of the same time keep their order.
  mutating func add(_ more: [Entry]) {
    let all = entries + more
    entries = all.enumerated().sorted {
      ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
    }.map(\.element)
  }

  /// Whether another client sent a signal.
  func isIntrusion(_ entry: Entry, on service: String) -> Bool {
    intrusions.contains {
      $0.service == service && $0.began - 50 <= entry.time && entry.time <= $0.ended + 50
    }
  }

  /// The time at which another client's signal killed the infrastructure container.
  var infraLost: Int? {
    let own = entries.filter { $0.subject == LifePod.infra }
    guard
      let kill = own.first(where: { if case .killed = $0.what { true } else { false } }),
      isIntrusion(kill, on: LifePod.infra)
    else { return nil }
    return own.first { if case .died = $0.what { true } else { false } }?.time
  }

  /// The first matching entry of a subject.
  func first(_ subject: String, where matches: (What) -> Bool) -> Entry? {
    entries.first { $0.subject == subject && matches($0.what) }
  }
}

/// Converts the clocks of containers, engine and executor to milliseconds since a round's start.
struct LifeClock: Sendable {
  /// Seconds since 1970, and seconds of uptime, of the same moment.
  let wall: Double
  let uptime: Double

  /// Uses the present as the start.
  init() {
    var (now, up) = (timespec(), timespec())
    clock_gettime(CLOCK_REALTIME, &now)
    // The clock of /proc/uptime.
    clock_gettime(CLOCK_BOOTTIME, &up)
    wall = Self.seconds(now)
    uptime = Self.seconds(up)
  }

  init(wall: Double, uptime: Double) { (self.wall, self.uptime) = (wall, uptime) }

  private static func seconds(_ time: timespec) -> Double {
    Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Milliseconds since the start.
  var elapsed: Int {
    var up = timespec()
    clock_gettime(CLOCK_BOOTTIME, &up)
    return Int((Self.seconds(up) - uptime) * 1000)
  }

  func ofWall(_ seconds: Double) -> Int { Int((seconds - wall) * 1000) }
  func ofUptime(_ seconds: Double) -> Int { Int((seconds - uptime) * 1000) }

  /// A format of `docker events` that `entry(ofEngine:)` reads.
  static let format = [
    "{{.TimeNano}}", "{{.Action}}", "{{index .Actor.Attributes \"com.docker.compose.service\"}}",
    "{{index .Actor.Attributes \"com.docker.compose.oneoff\"}}", "{{.Actor.Attributes.signal}}",
    "{{.Actor.Attributes.exitCode}}",
  ].joined(separator: "\t")

  /// An event of the engine; nil for events that the model doesn't use.
  func entry(ofEngine line: String) -> LifeHistory.Entry? {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 6, let nanoseconds = Double(fields[0]) else { return nil }
    let isHook = fields[3].lowercased() == "true"
    guard !fields[2].isEmpty, fields[2] != "<no value>" else { return nil }
    let what: LifeHistory.What
    switch fields[1] {
    case "start": what = .started
    case "kill":
      guard let signal = Int(fields[4]) else { return nil }
      what = .killed(signal: signal)
    case "die": what = .died(code: Int(fields[5]) ?? -1)
    case "health_status: healthy": what = .healthy
    case "health_status: unhealthy": what = .unhealthy
    default: return nil
    }
    let isPreStart = isHook && fields[2] != LifePod.infra
    return .init(
      time: ofWall(nanoseconds / 1e9), subject: isPreStart ? "\(fields[2])/pre_start" : fields[2],
      what: what)
  }

  /// A line that a service's process or a hook wrote.
  func entry(ofLog line: String) -> LifeHistory.Entry? {
    var words = line.split(separator: " ").map(String.init)
    guard words.count >= 3, let seconds = Double(words.removeFirst()) else { return nil }
    var subject = words.removeFirst()
    if ["pre_start", "post_start", "pre_stop"].contains(words[0]) {
      subject += "/\(words.removeFirst())"
    }
    let what: LifeHistory.What? =
      switch (words.first, words.dropFirst().first) {
      case ("start", _): .began
      case ("signal", let name?): .signaled(name)
      case ("exit", let code?): Int(code).map { .exits(code: $0) }
      default: nil
      }
    return what.map { .init(time: ofUptime(seconds), subject: subject, what: $0) }
  }

  /// A state that the executor printed.
  func state(in line: String) -> LifeHistory.State? {
    guard let state = RunningPod.state(in: line), let text = line.split(separator: " ").first,
      let date = try? Date(
        String(text), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    else { return nil }
    return .init(
      time: ofWall(date.timeIntervalSince1970), name: state.name, message: state.message)
  }
}
