import Foundation
import Synchronization
import TestSupport

/// The event stream of one subscription: RecordIO in HTTP chunks. Its own thread writes it, so that
/// a peer that doesn't read blocks nothing else.
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
    /// The number of events written.
    var written = 0
    var isSilent = false
  }

  private let state = Mutex(State())
  private let arrived = DispatchSemaphore(value: 0)
  private let choices: SharedFaults

  init(choices: SharedFaults) {
    self.choices = choices
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// Sends an event after the earlier ones. With `cut`, closes the connection in the middle of its
  /// record. False if the stream is closed.
  @discardableResult
  func send(_ event: JSON, cut: Bool = false) -> Bool {
    append(.event(event, cut: cut))
  }

  /// Closes the stream after the earlier events.
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

  /// Closes the stream without its unwritten events.
  func abandon() {
    state.withLock {
      $0.isClosed = true
      $0.items = [.end]
    }
    arrived.signal()
  }

  /// Writes until the stream ends. The connection's writer calls it once.
  func write(to connection: ServerConnection) {
    while true {
      arrived.wait()
      let item = state.withLock { $0.items.isEmpty ? nil : $0.items.removeFirst() }
      switch item {
      case nil: continue
      case .end:
        connection.write("0\r\n\r\n".utf8)
        connection.end()
        return
      case .event(let event, let cut):
        // A following event that is already queued may overtake this one.
        let first = overtaking(event).map { write($0, cut: false, to: connection) } ?? true
        let again =
          event["type"] != "SUBSCRIBED" && choices.use { $0.happens($0.faults.repeatEvent) }
        if !first || again && !write(event, cut: false, to: connection)
          || !write(event, cut: cut, to: connection)
        {
          abandon()
          connection.end()
          return
        }
      }
    }
  }

  /// The next event, if by chance it is sent first. SUBSCRIBED is always the first event.
  private func overtaking(_ event: JSON) -> JSON? {
    guard event["type"] != "SUBSCRIBED", choices.use({ $0.happens($0.faults.swapEvents) }) else {
      return nil
    }
    return state.withLock {
      guard case .event(let next, cut: false)? = $0.items.first, next["type"] != "SUBSCRIBED"
      else { return nil }
      $0.items.removeFirst()
      return next
    }
  }

  private func write(_ event: JSON, cut: Bool, to connection: ServerConnection) -> Bool {
    let behaviors = choices.use { $0.faults.behaviors }
    let (isSilent, location) = state.withLock { state in
      defer {
        state.written += 1
        if event["type"] == "HEARTBEAT", behaviors.contains(.silence) { state.isSilent = true }
      }
      return (state.isSilent, state.written)
    }
    if isSilent { return true }
    for behavior in behaviors {
      switch behavior {
      case .emptyRecords(let count):
        let records = Array(repeatElement(Array("0\n".utf8), count: count).joined())
        if !connection.write(Self.chunk(records[...])) { return false }
      case .hugeRecord(let size) where location == 2:
        if !connection.write(Self.chunk(Array("\(size)\n".utf8)[...])) { return false }
        let piece = [UInt8](repeating: 0x20, count: 1 << 16)
        for start in stride(from: 0, to: size, by: piece.count) {
          let part = piece.prefix(size - start)
          if !connection.write(Self.chunk(part)) { return false }
        }
      default: break
      }
    }
    var body = event.bytes
    if behaviors.contains(.latin1Label), let at = body.firstRange(of: [0xC3, 0xA9]) {
      body.replaceSubrange(at, with: [0xE9])
    }
    let record = Array("\(body.count)\n".utf8) + body
    let (chunks, end) = choices.use { faults in
      let cut = cut || faults.happens(faults.faults.cutStream)
      let whole = faults.pieces(record)
      return (
        whole.map { faults.pieces(Self.chunk($0)) }, cut ? faults.location(in: record.count) : nil
      )
    }
    if let end {
      connection.write(Self.chunk(record[..<end]))
      return false
    }
    return chunks.allSatisfy { $0.allSatisfy { connection.write($0) } }
  }

  private static func chunk(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
  }
}

/// The faults from which all connections of one agent choose in turn.
final class SharedFaults: Sendable {
  private let choices: Mutex<FaultChoices>

  init(_ faults: Faults) { choices = Mutex(FaultChoices(faults)) }

  func use<Result: Sendable>(_ body: (inout FaultChoices) -> Result) -> Result {
    choices.withLock { body(&$0) }
  }

  func replace(_ faults: Faults) { choices.withLock { $0 = FaultChoices(faults) } }

  var count: Int { choices.withLock { $0.count } }
}
