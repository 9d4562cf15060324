import CCurl
import Glibc

/// The state of the event loop's thread: the running transfers and their deadlines.
final class EventLoopThread {
  private let loop: EventLoop
  private var transfers: [ObjectIdentifier: Transfer] = [:]
  /// Transfers that received data in the current iteration.
  private var touched: [Transfer] = []
  /// The number of bytes that streams received in the current iteration.
  private var streamed = 0
  private var lastStreamed = ContinuousClock.now
  private var isShuttingDown = false

  init(_ loop: EventLoop) {
    self.loop = loop
  }

  func run() {
    nameThread()
    while true {
      for command in loop.takeCommands() { obey(command) }
      if isShuttingDown { break }
      var running: Int32 = 0
      curl_multi_perform(loop.multi, &running)
      for transfer in touched { transfer.publish() }
      touched.removeAll(keepingCapacity: true)
      collectFinished()
      let wait = expireDeadlines()
      if isTrickling() {
        usleep(1000)
        continue
      }
      // The process has no descriptors or no memory left. Retry soon, without a busy loop.
      if curl_multi_poll(loop.multi, nil, 0, wait, nil) != CURLM_OK { usleep(10_000) }
    }
    for transfer in transfers.values {
      remove(transfer)
      transfer.exchange.finish(.failure(CancellationError()))
    }
  }

  /// Records that a transfer received `count` bytes of body. The count is 0 for a head.
  func touch(_ transfer: Transfer, isFirst: Bool, count: Int) {
    if isFirst { touched.append(transfer) }
    if transfer.exchange.mode == .stream { streamed += count }
  }

  /// Whether streams receive small pieces at a high rate, as for a container's log line by line.
  /// Each piece would cost a poll, a read and two thread switches, at the expense of the engine's
  /// CPU time. The pieces of a whole millisecond together cost as much as one.
  private func isTrickling() -> Bool {
    guard streamed > 0 else { return false }
    let now = ContinuousClock.now
    let isFrequent = now - lastStreamed < .milliseconds(2)
    let isSmall = streamed < 64 << 10
    lastStreamed = now
    streamed = 0
    return isFrequent && isSmall
  }

  /// The name is visible in `top -H`.
  private func nameThread() {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = "http".withCString { write(file, $0, 4) }
    close(file)
  }

  private func obey(_ command: EventLoop.Command) {
    switch command {
    case .start(let exchange): start(exchange)
    case .resume(let exchange): transfers[ObjectIdentifier(exchange)]?.resume()
    case .drop(let exchange):
      if let transfer = transfers.removeValue(forKey: ObjectIdentifier(exchange)) {
        remove(transfer)
      }
    case .shutDown: isShuttingDown = true
    }
  }

  private func start(_ exchange: Exchange) {
    guard !exchange.hasEnded else { return }
    do throws(HTTPError) {
      let transfer = try Transfer(exchange, thread: self)
      let code = curl_multi_add_handle(loop.multi, transfer.easy)
      guard code == CURLM_OK else {
        throw exchange.error(.invalidRequest, String(cString: curl_multi_strerror(code)))
      }
      transfers[ObjectIdentifier(exchange)] = transfer
    } catch {
      exchange.finish(.failure(error))
    }
  }

  private func remove(_ transfer: Transfer) {
    curl_multi_remove_handle(loop.multi, transfer.easy)
  }

  private func collectFinished() {
    var left: Int32 = 0
    var finished: [(Transfer, CURLcode)] = []
    while let message = curl_multi_info_read(loop.multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE else { continue }
      let easy = message.pointee.easy_handle
      guard let transfer = transfers.values.first(where: { $0.easy == easy }) else { continue }
      finished.append((transfer, ccurl_message_result(message)))
    }
    for (transfer, code) in finished {
      loop.countConnection(made: ccurl_get_long(transfer.easy, CURLINFO_NUM_CONNECTS) > 0)
      let outcome = transfer.outcome(code)
      remove(transfer)
      transfers[ObjectIdentifier(transfer.exchange)] = nil
      transfer.exchange.finish(outcome)
    }
  }

  /// Fails the transfers whose deadline has passed. Returns the milliseconds until the next
  /// deadline. curl manages its own timers.
  private func expireDeadlines() -> Int32 {
    let forever = Int32.max
    guard transfers.values.contains(where: { $0.deadline != nil }) else { return forever }
    let now = ContinuousClock.now
    var wait = forever
    for transfer in Array(transfers.values) {
      guard let deadline = transfer.deadline else { continue }
      if deadline <= now {
        transfers[ObjectIdentifier(transfer.exchange)] = nil
        remove(transfer)
        transfer.exchange.finish(.failure(transfer.lateness))
      } else {
        let left = (deadline - now).milliseconds
        wait = min(wait, Int32(clamping: left + 1))
      }
    }
    return wait
  }
}

extension Duration {
  /// Whole milliseconds, limited to the range of curl's options.
  var milliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(
      clamping: min(seconds, Int64(Int32.max) / 1000 - 1) * 1000 + attoseconds
        / 1_000_000_000_000_000)
  }
}
