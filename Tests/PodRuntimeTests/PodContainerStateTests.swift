import Foundation
import TestSupport
import Testing

@testable import PodRuntime

@Suite("The states of a container")
struct PodContainerStateTests {
  private static let states: [(String, PodContainerState)] = [
    ("planned", .planned), ("created", .created), ("starting", .starting(hasEnded: false)),
    ("starting, exited", .starting(hasEnded: true)), ("running", .running),
    ("exiting", .exiting(again: false)), ("exiting, reported again", .exiting(again: true)),
    ("stopping, waiting", .stopping(.waiting)), ("stopping, sent", .stopping(.sent)),
    ("stopping, signaled", .stopping(.signaled)), ("restarting", .restarting),
    ("exited", .ended(exitCode: 3)),
  ]

  private static let events: [(String, PodContainerState.Event)] = [
    ("created", .created), ("discarded", .discarded), ("start requested", .startRequested),
    ("start refused", .startRefused), ("started", .started), ("exit reported", .exitReported),
    ("exit inspected", .examined), ("found running", .foundRunning),
    ("stop requested", .stopRequested), ("stop sent", .stopSent),
    ("signal reported", .signalReported),
    ("restart decided", .restartDecided), ("exited for good", .ended(exitCode: 3)),
  ]

  /// One row for each event: the states in which it can happen, and the states that follow.
  private static var table: String {
    var lines = ["| event | from | to |", "| --- | --- | --- |"]
    for (word, event) in events {
      var sources: [String: [String]] = [:]
      var order: [String] = []
      for (name, state) in states {
        guard let next = state.after(event) else { continue }
        let target =
          next == state ? "no change" : states.first { $0.1 == next }?.0 ?? "\(next)"
        if sources[target] == nil { order.append(target) }
        sources[target, default: []].append(name)
      }
      for target in order {
        lines.append("| \(word) | \(sources[target]?.joined(separator: "; ") ?? "") | \(target) |")
      }
    }
    return lines.joined(separator: "\n")
  }

  @Test("are those of the table in docs/design.md, without other transitions")
  func documented() throws {
    let text = try SourceTree.text("docs/design.md")
    let parts = text.components(separatedBy: "| event | from | to |")
    try #require(parts.count == 2)
    let rest = parts[1].components(separatedBy: "\n\n").dropFirst().joined(separator: "\n\n")
    let wanted = parts[0] + Self.table + "\n\n" + rest
    if ProcessInfo.processInfo.environment["UPDATE_DOCS"] != nil {
      try wanted.write(
        toFile: SourceTree.path("docs/design.md"), atomically: true, encoding: .utf8)
    } else {
      #expect(text == wanted, "docs/design.md is stale: run the tests once with UPDATE_DOCS=1")
    }
  }

  @Test("lead from each to the exited state, which is final")
  func reachable() {
    for (name, state) in Self.states {
      var reached: Set<PodContainerState> = [state]
      var open = [state]
      while let next = open.popLast() {
        for (_, event) in Self.events {
          if let after = next.after(event), reached.insert(after).inserted { open.append(after) }
        }
      }
      #expect(reached.contains(.ended(exitCode: 3)), "from \(name)")
      if state == .ended(exitCode: 3) { #expect(reached.count == 1) }
      if state == .planned { #expect(reached.count == Self.states.count) }
    }
  }

  @Test(
    "after a start are the same, whenever the exit of the container is reported",
    arguments: [
      ([PodContainerState.Event.exitReported, .started], PodContainerState.exiting(again: false)),
      ([.started, .exitReported], .exiting(again: false)),
      ([.started, .exitReported, .exitReported], .exiting(again: true)),
      ([.exitReported, .startRefused], .created), ([.startRefused, .exitReported], .created),
      ([.started, .exitReported, .foundRunning], .running),
      ([.started, .exitReported, .stopRequested, .exitReported], .stopping(.waiting)),
    ])
  func orders(events: [PodContainerState.Event], expected: PodContainerState) {
    var state: PodContainerState? = .starting(hasEnded: false)
    for event in events { state = state?.after(event) }
    #expect(state == expected)
  }

  @Test("attribute a signal to the pod only after the pod has requested a stop")
  func signals() {
    #expect(PodContainerState.stopping(.waiting).after(.signalReported) == nil)
    let requested = PodContainerState.stopping(.waiting).after(.stopSent)
    #expect(requested?.after(.signalReported) == .stopping(.signaled))
  }

  @Test("keep the first report of an exit")
  func firstEnd() {
    let state = PodContainerState.running.after(.ended(exitCode: 3))?.after(.ended(exitCode: 137))
    #expect(state == .ended(exitCode: 3))
  }

  @Test("of a group restart: it stops, its owner starts, then its other services")
  func group() {
    for first in GroupRestart.State.allCases {
      for next in GroupRestart.State.allCases {
        var restart = GroupRestart(of: "owner")
        for state in GroupRestart.State.allCases.dropFirst() where state.rawValue <= first.rawValue
        {
          let isDone = restart.advance(to: state)
          #expect(isDone)
        }
        #expect(restart.state == first)
        let isNext = next.rawValue == first.rawValue + 1
        let isDone = restart.advance(to: next)
        #expect(isDone == isNext)
        #expect(restart.state == (isNext ? next : first))
      }
    }
  }
}
