import CLinux
import Cgroups
import Dispatch
import Glibc
import Logging
import PodIdentity
import Synchronization
import SystemPackage
import Linux

/// Accepts the leases of executors of any user. A peer sends `LEASE 1 RUN`, reports of its pods if
/// it offered them (`LeaseProtocol.Feature`), and `RELEASE` when its pods are removed. The kernel
/// closes the connection when the peer dies, whatever the cause.
///
/// `Limits` has the bounds. A peer that exceeds one loses its connection and nothing else. The rate
/// of leases per user is limited because the exit of a holder causes requests to the engine.
final class LeaseServer: Restorable {
  private let queue = DispatchQueue(label: "leases")
  private let path: String
  private let limits: Limits
  private let log: Logger
  /// The events of leases, in their order, until `stop()` is called.
  let events: AsyncStream<LeaseEvent>
  private let report: AsyncStream<LeaseEvent>.Continuation
  private let state = Mutex(State())

  private struct State {
    var listener: (source: ReadSource, location: BoundPath)?
    var peers: [Int32: Peer] = [:]
    var connections: [uid_t: Int] = [:]
    var allowances: [uid_t: Allowance] = [:]
    var accepted = 0
  }

  /// The number of leases that a user could take at a point in time.
  private struct Allowance {
    var count: Double
    var time: ContinuousClock.Instant
  }

  private struct Peer {
    /// Distinguishes the peer from a later one with the same descriptor.
    let number: Int
    let source: ReadSource
    let user: uid_t
    let pid: pid_t
    var line: [UInt8] = []
    var holder: LeaseHolder?
    /// The restarts of all its pods, from an executor that reports nothing else.
    var restarts: Int?
    /// The figures of its pods, by task.
    var figures: [String: LeaseFigures] = [:]
    /// The number of reports that the peer could send at a point in time: at most 64, and ten more
    /// each second.
    var reports = (count: 64.0, time: ContinuousClock.now)
    var pidfd: ReadSource?

    /// Whether the peer may send one more report, which is counted.
    mutating func mayReport() -> Bool {
      let now = ContinuousClock.now
      let count = min(64, reports.count + 10 * (now - reports.time).inSeconds)
      reports = (count < 1 ? count : count - 1, now)
      return count >= 1
    }

    /// Stores the figures of a pod, or removes them if the pod is in a terminal state.
    ///
    /// - Returns: events for a completed launch and for a terminal state.
    mutating func apply(_ new: LeaseFigures, from holder: LeaseHolder, most: Int) -> [LeaseEvent] {
      var events: [LeaseEvent] = []
      if new.isNewlyLaunched, let seconds = new.launchSeconds {
        events.append(.podLaunched(holder, seconds: seconds))
      }
      if let outcome = new.outcome {
        events.append(.podEnded(holder, outcome))
        figures[new.task] = nil
      } else if figures[new.task] != nil || figures.count < most {
        figures[new.task] = new
      }
      return events
    }
  }

  /// Starts to listen.
  ///
  /// - Parameters:
  ///   - path: the socket's path; anybody may connect.
  ///   - limits: the bounds for peers.
  ///   - log: the log of refused peers.
  /// - Throws: `Errno` if the socket can't be created.
  init(path: String, limits: Limits = Limits(), log: Logger) throws {
    self.path = path
    self.limits = limits
    self.log = log
    (events, report) = AsyncStream.makeStream(of: LeaseEvent.self)
    try state.withLock { state throws(Errno) in try open(&state) }
  }

  private func open(_ state: inout State) throws(Errno) {
    let file = socket(
      AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard file >= 0 else { throw Errno(rawValue: errno) }
    let location: BoundPath
    do throws(Errno) {
      location = try BoundPath(file, to: path, mode: 0o666)
      guard listen(file, 128) == 0 else { throw Errno(rawValue: errno) }
    } catch {
      close(file)
      throw error
    }
    state.listener?.source.cancel()
    let source = ReadSource(file, on: queue) { [weak self] in
      self?.state.withLock { state in self?.accept(file, &state) }
    }
    state.listener = (source, location)
  }

  /// Closes all connections without events. The executors connect again later.
  func stop() {
    state.withLock { state in
      state.listener?.location.remove()
      state.listener?.source.cancel()
      for peer in state.peers.values {
        peer.source.cancel()
        peer.pidfd?.cancel()
      }
      (state.listener, state.peers, state.connections) = (nil, [:], [:])
    }
    report.finish()
  }

  /// Creates only the listening socket again. Existing leases stay held.
  func restore() throws(RestoreFailure) -> [String] {
    do {
      return try state.withLock { state throws(Errno) in
        if state.listener?.location.isInPlace != false { return [] }
        try open(&state)
        return [path]
      }
    } catch {
      throw RestoreFailure(path: path, reason: error)
    }
  }

  /// The reports of all holders, one per lease.
  func reports() -> [LeaseReport] {
    state.withLock { state in
      state.peers.values.compactMap { peer in
        guard let holder = peer.holder else { return nil }
        return LeaseReport(holder: holder, restarts: peer.restarts, figures: peer.figures)
      }
    }
  }

  private func accept(_ listening: Int32, _ state: inout State) {
    // A handler can still be running when its listener is replaced.
    while state.listener?.source.descriptor == listening {
      let client = linux_accept(listening)
      if client < 0 {
        if errno == EINTR || errno == ECONNABORTED { continue }
        // Without a free descriptor a client can't even be refused. It waits in the kernel's queue.
        if errno != EAGAIN { state.listener?.source.pause(milliseconds: 200) }
        return
      }
      var pid: pid_t = 0
      var user: uid_t = 0
      guard linux_peer(client, &pid, &user) == 0, pid > 0, state.peers.count < limits.total,
        state.connections[user, default: 0] < limits.perUser
      else {
        close(client)
        continue
      }
      state.connections[user, default: 0] += 1
      let source = ReadSource(client, on: queue) { [weak self] in
        self?.state.withLock { state in self?.read(client, &state) }
      }
      state.accepted += 1
      let number = state.accepted
      state.peers[client] = Peer(number: number, source: source, user: user, pid: pid)
      queue.asyncAfter(deadline: .now() + limits.hello.inSeconds) { [weak self] in
        self?.state.withLock { state in
          let peer = state.peers[client]
          if peer?.number == number, peer?.holder == nil { self?.drop(client, &state) }
        }
      }
    }
  }

  /// Reads until no input is left, because Dispatch reports a closed connection only once.
  private func read(_ client: Int32, _ state: inout State) {
    var chunk = [UInt8](repeating: 0, count: 1024)
    var rounds = 0
    while var peer = state.peers[client] {
      rounds += 1
      // Other peers must be served even if this one sends continuously.
      guard rounds <= 4 else {
        let number = peer.number
        queue.async { [weak self] in
          self?.state.withLock { state in
            if state.peers[client]?.number == number { self?.read(client, &state) }
          }
        }
        return
      }
      let count = Glibc.read(client, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return }
      guard count > 0 else { return drop(client, &state) }
      peer.line += chunk[..<count]
      while let end = peer.line.firstIndex(of: 0x0a) {
        let line = String(decoding: peer.line[..<end], as: UTF8.self)
        peer.line.removeSubrange(...end)
        state.peers[client] = peer
        guard handle(line, from: client, &state), let now = state.peers[client] else {
          return drop(client, &state)
        }
        let rest = peer.line
        peer = now
        peer.line = rest
      }
      guard peer.line.count <= limits.line else { return drop(client, &state) }
      state.peers[client] = peer
    }
  }

  /// Handles a line of a peer.
  ///
  /// - Returns: whether the connection stays open.
  private func handle(_ line: String, from client: Int32, _ state: inout State) -> Bool {
    guard var peer = state.peers[client] else { return false }
    if let holder = peer.holder {
      if let count = LeaseProtocol.restarts(of: line), peer.mayReport() {
        peer.restarts = count
        state.peers[client] = peer
        return true
      }
      if let figures = LeaseFigures(line: line), peer.mayReport() {
        for event in peer.apply(figures, from: holder, most: limits.pods) { report.yield(event) }
        state.peers[client] = peer
        return true
      }
      guard line == LeaseProtocol.release else { return false }
      peer.holder = nil
      state.peers[client] = peer
      report.yield(.released(holder))
      return false
    }
    guard let run = LeaseProtocol.run(of: line), let holder = Self.holder(peer, run: run),
      isAllowed(peer.user, &state)
    else {
      log.debug("a lease of process \(peer.pid) is refused")
      respond(client, LeaseProtocol.refused + "\n")
      return false
    }
    peer.holder = holder
    peer.pidfd = watch(holder, client)
    // The pid may have been reused before the pidfd was open.
    guard Incarnation.startTime(of: holder.pid) == holder.startTime else {
      peer.pidfd?.cancel()
      return false
    }
    state.peers[client] = peer
    report.yield(.held(holder))
    respond(client, LeaseProtocol.acceptance(of: line) + "\n")
    return true
  }

  private func isAllowed(_ user: uid_t, _ state: inout State) -> Bool {
    let (most, now) = (2 * Double(limits.perUser), ContinuousClock.now)
    func count(_ old: Allowance) -> Double {
      min(most, old.count + limits.perSecond * (now - old.time).inSeconds)
    }
    // A user with a full allowance needs no entry.
    if state.allowances.count > 1024 {
      state.allowances = state.allowances.filter { count($0.value) < most }
    }
    let left = state.allowances[user].map(count) ?? most
    state.allowances[user] = Allowance(count: left < 1 ? left : left - 1, time: now)
    return left >= 1
  }

  private func respond(_ client: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
  }

  /// Reports the exit of the holder, even if a child has inherited the connection.
  private func watch(_ holder: LeaseHolder, _ client: Int32) -> ReadSource? {
    let descriptor = linux_pidfd_open(holder.pid)
    guard descriptor >= 0 else { return nil }
    return ReadSource(descriptor, on: queue) { [weak self] in
      self?.state.withLock { state in
        if state.peers[client]?.holder == holder { self?.drop(client, &state) }
      }
    }
  }

  private func drop(_ client: Int32, _ state: inout State) {
    guard let peer = state.peers.removeValue(forKey: client) else { return }
    state.connections[peer.user, default: 1] -= 1
    if state.connections[peer.user] == 0 { state.connections[peer.user] = nil }
    peer.source.cancel()
    peer.pidfd?.cancel()
    guard let holder = peer.holder else { return }
    if holder.isGone {
      report.yield(.dropped(holder, processEnded: true))
    } else {
      // A process that is alive after these checks is observed as its pod's executor.
      observeAgain(holder, after: [20, 200, 1000, 5000] + Array(repeating: 10_000, count: 12))
    }
  }

  /// Checks repeatedly whether the holder has exited: the kernel closes a process's files before
  /// the process is gone from the process table, on a busy host long before.
  private func observeAgain(_ holder: LeaseHolder, after waits: [Int], isFirst: Bool = true) {
    guard let wait = waits.first else { return }
    queue.asyncAfter(deadline: .now() + .milliseconds(wait)) { [weak self, report] in
      let isGone = holder.isGone
      if isFirst {
        report.yield(.dropped(holder, processEnded: isGone))
      } else if isGone {
        report.yield(.ended(holder))
      }
      if !isGone { self?.observeAgain(holder, after: Array(waits.dropFirst()), isFirst: false) }
    }
  }

  /// The holder of a peer's lease, from the kernel's data; nil if they can't be read.
  private static func holder(_ peer: Peer, run: String) -> LeaseHolder? {
    let pid = peer.pid
    guard let startTime = Incarnation.startTime(of: pid),
      let text = try? TextFile.text("/proc/\(pid)/cgroup"),
      // The pid may have been reused in between.
      Incarnation.startTime(of: pid) == startTime
    else { return nil }
    let paths = CgroupMembership(text: text).entries.map { entry in
      entry.path.hasSuffix("/leaf") ? String(entry.path.dropLast("/leaf".count)) : entry.path
    }
    return LeaseHolder(
      run: run, pid: pid, startTime: startTime, cgroups: Set(paths.filter { $0.count > 1 }),
      user: peer.user)
  }
}
