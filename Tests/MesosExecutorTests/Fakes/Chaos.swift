import Synchronization
import TestSupport

/// Random faults, with their number.
final class Chaos: Sendable {
  enum Blow { case stream(inside: Bool), restart }

  private struct State {
    var random: SeededGenerator
    var count = 0
    var isCalm = false
  }

  private let state: Mutex<State>

  init(seed: SeededGenerator) {
    state = Mutex(State(random: seed))
  }

  /// The number of faults so far.
  var count: Int { state.withLock { $0.count } }

  /// Ends all faults.
  func calm() {
    state.withLock { $0.isCalm = true }
  }

  /// The fault of a call, with a probability of one half.
  func fault(for type: String) -> FakeAgent.Fault? {
    state.withLock { state in
      guard !state.isCalm, Bool.random(using: &state.random) else { return nil }
      state.count += 1
      switch Int.random(in: 0..<20, using: &state.random) {
      case 0..<4: return .closeBefore
      case 4..<8: return .closeAfter
      case 8..<11: return .response(503, "Agent has not finished recovery")
      case 11..<13: return .response(404, "")
      case 13: return .response(500, "")
      case 14: return .stall
      case 15: return .delay(milliseconds: UInt32.random(in: 1...60, using: &state.random))
      default:
        return type == "SUBSCRIBE"
          ? .bytes("26\n{\"type\":") : .response(403, "Executor is not subscribed")
      }
    }
  }

  /// The fault of the agent between two updates.
  func blow() -> Blow? {
    state.withLock { state in
      guard !state.isCalm else { return nil }
      switch Int.random(in: 0..<40, using: &state.random) {
      case 0..<3:
        state.count += 1
        return .stream(inside: Bool.random(using: &state.random))
      case 3:
        state.count += 1
        return .restart
      default: return nil
      }
    }
  }
}
