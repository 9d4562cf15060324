import Foundation
import Synchronization

/// One subscription's stream of events: RecordIO in HTTP chunks, written by a thread of its own so that
/// a peer that doesn't read holds up nobody else.
///
/// Follows Mesos' `StreamingHttpConnection` (src/common/http.hpp) and `recordio::encode`.
final class EventStream: Sendable {
  private enum Item {
    case event(JSON, cut: Bool)
    case end
  }

  private struct State {
    var items: [Item] = []
    var isClosed = false
  }

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let choices: SharedFaults

  init(choices: SharedFaults) {
    self.choices = choices
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Sends an event after those before it, or with `cut` closes the connection in the middle of its record;
  /// false if the stream is closed.
  @discardableResult
  func send(_ event: JSON, cut: Bool = false) -> Bool {
    append(.event(event, cut: cut))
  }

  /// Ends the stream after the events before.
  func close() { append(.end) }

  @discardableResult
  private func append(_ item: Item) -> Bool {
    let open = state.withLock {
      if $0.isClosed { return false }
      $0.items.append(item)
      if case .end = item { $0.isClosed = true }
      return true
    }
    if open { arrived.signal() }
    return open
  }

  /// The peer has gone: whatever was not written is lost.
  func abandon() {
    state.withLock {
      $0.isClosed = true
      $0.items = [.end]
    }
    arrived.signal()
  }

  /// Writes until the end; called once, by the connection's writer.
  func write(to number: Int32) {
    while true {
      arrived.wait()
      let item = state.withLock { $0.items.isEmpty ? nil : $0.items.removeFirst() }
      switch item {
      case nil: continue
      case .end:
        Socket.write(number, "0\r\n\r\n".utf8)
        Socket.end(number)
        return
      case .event(let event, let cut):
        if !write(event, cut: cut, to: number) {
          abandon()
          Socket.end(number)
          return
        }
      }
    }
  }

  private func write(_ event: JSON, cut: Bool, to number: Int32) -> Bool {
    let body = event.bytes
    let record = Array("\(body.count)\n".utf8) + body
    let (chunks, end) = choices.use { faults in
      let cut = cut || faults.happens(faults.faults.cutStream)
      let whole = faults.pieces(record)
      return (
        whole.map { faults.pieces(Self.chunk($0)) }, cut ? faults.place(in: record.count) : nil
      )
    }
    if let end {
      Socket.write(number, Self.chunk(record[..<end]))
      return false
    }
    return chunks.allSatisfy { $0.allSatisfy { Socket.write(number, $0) } }
  }

  private static func chunk(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
  }
}

/// The faults that all connections of one agent choose from, one after the other.
final class SharedFaults: Sendable {
  private let choices: Mutex<FaultChoices>

  init(_ faults: Faults) { choices = Mutex(FaultChoices(faults)) }

  func use<Result: Sendable>(_ body: (inout FaultChoices) -> Result) -> Result {
    choices.withLock { body(&$0) }
  }

  func replace(_ faults: Faults) { choices.withLock { $0 = FaultChoices(faults) } }

  var count: Int { choices.withLock { $0.count } }
}
