import Foundation
import TestSupport
import Testing

/// One combination of the matrix.
struct FailureCase: Sendable, CustomStringConvertible {
  let kind: FailureKind
  let waiter: FailureWaiter
  /// Different for each pod; its addresses are derived from it.
  let number: Int

  var description: String { "\(kind) × \(waiter)" }

  /// All combinations that are possible.
  static let all = FailureKind.all.flatMap { kind in
    FailureWaiter.all.filter { $0.contradiction(to: kind) == nil }.map { (kind, $0) }
  }.enumerated().map { FailureCase(kind: $1.0, waiter: $1.1, number: $0) }

  /// Each kind once and each waiter at least once, in pairs that the generator selects.
  static func tenth(_ random: inout SeededGenerator) -> [FailureCase] {
    var chosen: [FailureCase] = []
    var missing = FailureWaiter.all.map(\.name).shuffled(using: &random)
    func take(_ possible: [FailureCase]) {
      let best = possible.first { missing.contains($0.waiter.name) } ?? possible.first
      guard let best else { return }
      missing.removeAll { $0 == best.waiter.name }
      chosen.append(best)
    }
    for kind in FailureKind.all.shuffled(using: &random) {
      take(all.filter { $0.kind.name == kind.name }.shuffled(using: &random))
    }
    for name in missing { take(all.filter { $0.waiter.name == name }.shuffled(using: &random)) }
    return chosen.sorted { $0.number < $1.number }
  }
}

/// The common environment of the cases: an engine behind a tap, missing images, and used addresses.
struct FailureSite: Sendable {
  let engine: TestEngine
  let tap: EngineTap
  private let locations: [String: String]

  /// The number of pods that run at the same time.
  static let width = 6
  /// The time that a pod has to stop.
  static let grace = Duration.seconds(3)

  /// Runs `body` with a site.
  static func with(
    _ engine: TestEngine, _ body: (FailureSite) async throws -> Void
  ) async throws {
    let absent = try FalseRegistry(.hasNothing)
    let denied = try FalseRegistry(.denies)
    let network = "it-taken-\(UUID().uuidString.prefix(8).lowercased())"
    let subnet = "10.212.\(Int.random(in: 0...255)).0/24"
    try await engine.docker("network", "create", "--subnet", subnet, network).output()
    let result: Result<Void, any Error>
    do {
      try await EngineTap.with(engine, sockets: width) { tap in
        try await body(
          FailureSite(
            engine: engine, tap: tap,
            locations: [
              "$TAKEN": subnet, "$ABSENT": absent.image("nobody/nothing:1"),
              "$DENIED": denied.image("nobody/secret:1"),
            ]))
      }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    try await engine.docker("network", "rm", network).output()
    withExtendedLifetime((absent, denied)) {}
    try result.get()
  }

  /// Replaces the variables of a text by the case's own addresses and the site's names.
  func filled(_ text: String, _ number: Int) -> String {
    let own = [
      "$NUMBER": "\(number)",
      "$SUBNET": "10.213.\(number % 256).0/24", "$OUTSIDE": "10.211.\(number % 256).5",
    ]
    return locations.merging(own) { $1 }.reduce(text) {
      $0.replacingOccurrences(of: $1.key, with: $1.value)
    }
  }

  /// The Compose file of the case.
  func file(_ one: FailureCase) -> String {
    let (kind, waiter) = (one.kind, one.waiter)
    var keys = ["image: \(kind.image)", "stop_signal: KILL"]
    if let command = kind.command { keys.append("command: \(command)") }
    keys += kind.keys
    if waiter.needsHealthcheck, !kind.hasHealthcheck {
      keys.append(#"healthcheck: {test: ["CMD", "true"], interval: 300ms}"#)
    }
    keys += waiter.keys
    let text =
      "services:\n  a:\n" + keys.map { "    \($0)\n" }.joined() + waiter.services + kind.top + "\n"
    return filled(text, one.number)
  }

  /// Settings of a case's pod, which reaches the engine through one of the tap's sockets.
  func settings(_ one: FailureCase, socket: Int) -> PodSettings {
    // The header of a program for another machine.
    let elf =
      "\u{7f}ELF\u{2}\u{1}\u{1}" + String(repeating: "\0", count: 9) + "\u{2}\0\u{16}\0\u{1}"
    return PodSettings(
      options: [
        "--launch-timeout", "40s", "--grace", "\(Self.grace.components.seconds)s",
        "--cleanup-timeout", "30s",
      ] + one.waiter.options,
      environment: ["DOCKER_HOST": "unix://\(tap.sockets[socket])"],
      files: ["wrong.elf": elf + String(repeating: "\0", count: 100)],
      // Copied by another process: children of this one can have the first file open, which makes
      // it busy.
      shell: #"cp wrong.elf wrong; chmod +x wrong; exec "$@""#)
  }

  /// The time of the engine's report of the failure, in seconds since 1970; nil before it.
  func moment(_ one: FailureCase, socket: Int, since: Double) throws -> Double? {
    guard let pattern = one.kind.moment else { return nil }
    let expression = try Regex(pattern)
    return tap.moments(at: socket, since: since).first { $0.text.contains(expression) }?.time
  }

  /// Runs `work` for each case, `width` at the same time, each with its own socket.
  func each<Value: Sendable>(
    _ cases: [FailureCase], width: Int = width,
    _ work: @escaping @Sendable (FailureCase, _ socket: Int) async throws -> Value
  ) async throws -> [Value] {
    try await withThrowingTaskGroup(of: (Int, Int, Value).self) { group in
      var free = Array(0..<width)
      var results: [(Int, Value)] = []
      for (index, one) in cases.enumerated() {
        if free.isEmpty, let (index, socket, value) = try await group.next() {
          free.append(socket)
          results.append((index, value))
        }
        let socket = free.removeFirst()
        group.addTask { (index, socket, try await work(one, socket)) }
      }
      for try await (index, _, value) in group { results.append((index, value)) }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}
