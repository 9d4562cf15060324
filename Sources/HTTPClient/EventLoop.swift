import CCurl
import Glibc
import Synchronization

/// The thread that runs all transfers of a client with one curl multi handle. It sleeps in
/// `curl_multi_poll` while no socket is ready and no deadline is due.
final class EventLoop: Sendable {
  enum Command: Sendable {
    case start(Exchange)
    /// The consumer has emptied its buffer.
    case resume(Exchange)
    case drop(Exchange)
    case shutDown
  }

  private struct Inbox {
    var commands: [Command] = []
    var isRunning = false
    var made = 0
    var reused = 0
  }

  private let inbox = Mutex(Inbox())
  /// Only the event loop's thread uses it. Other threads call only `curl_multi_wakeup` on it, which
  /// curl permits.
  nonisolated(unsafe) let multi: UnsafeMutableRawPointer?

  init() {
    multi = Self.isCurlReady ? curl_multi_init() : nil
  }

  deinit {
    if let multi { curl_multi_cleanup(multi) }
  }

  private static let isCurlReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

  var connectionCounts: (made: Int, reused: Int) { inbox.withLock { ($0.made, $0.reused) } }

  func countConnection(made: Bool) {
    inbox.withLock { inbox in
      if made { inbox.made += 1 } else { inbox.reused += 1 }
    }
  }

  /// Removes and returns the pending commands.
  func takeCommands() -> [Command] {
    inbox.withLock { inbox in
      defer { inbox.commands = [] }
      return inbox.commands
    }
  }

  func shutDown() {
    if inbox.withLock({ $0.isRunning }) { submit(.shutDown) }
  }

  /// Sends a command to the thread. Starts the thread if it isn't running.
  func submit(_ command: Command) {
    enum Next { case nothing, wake, launch }
    let next: Next = inbox.withLock { inbox in
      inbox.commands.append(command)
      if !inbox.isRunning {
        inbox.isRunning = true
        return .launch
      }
      return inbox.commands.count == 1 ? .wake : .nothing
    }
    switch next {
    case .nothing: break
    case .wake: if let multi { curl_multi_wakeup(multi) }
    case .launch: launch()
    }
  }

  private func launch() {
    guard multi != nil else { return failAll("curl cannot be initialized") }
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 512 << 10)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // The thread inherits this mask. Signals are for the program's threads, and OpenSSL may raise
    // SIGPIPE.
    var everything = sigset_t()
    var before = sigset_t()
    sigfillset(&everything)
    // If a crash signal were blocked, the process would terminate without the program's report.
    for number in [SIGSEGV, SIGILL, SIGBUS, SIGFPE, SIGTRAP, SIGABRT] {
      sigdelset(&everything, number)
    }
    pthread_sigmask(SIG_SETMASK, &everything, &before)
    let context = Unmanaged.passRetained(self)
    let code = pthread_create(
      &thread, &attributes,
      { context in
        guard let context else { return nil }
        let loop = Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
        EventLoopThread(loop).run()
        return nil
      }, context.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    pthread_attr_destroy(&attributes)
    guard code != 0 else { return }
    context.release()
    failAll("cannot start the HTTP thread: \(String(cString: strerror(code)))")
  }

  /// Fails all pending exchanges, since nothing can be sent without a thread. Otherwise their tasks
  /// would wait forever.
  private func failAll(_ message: String) {
    let commands = inbox.withLock { inbox in
      inbox.isRunning = false
      defer { inbox.commands = [] }
      return inbox.commands
    }
    for case .start(let exchange) in commands {
      exchange.finish(.failure(exchange.error(.unreachable, message)))
    }
  }
}
