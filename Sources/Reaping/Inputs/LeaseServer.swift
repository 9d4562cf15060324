import CLinux
import Cgroups
import Dispatch
import Glibc
import Logging
import PodIdentity
import SystemPackage
import Linux

/// Takes the leases of executors, of any user. A peer says `LEASE 1 RUN`, later perhaps `RELEASE`;
/// the kernel closes the connection when it dies, however it dies. Each has two seconds for its
/// first line, a line has at most 512 bytes, a user at most 1,024 connections and all together
/// 4,096, fewer where the process may have few descriptors, and a user who has taken twice as many
/// leases as he may hold gets four more each second, since each end of one calls for a look at the
/// engine: who breaks a bound loses that connection and nothing else.
final class LeaseServer: Restorable, @unchecked Sendable {
  // All state is confined to the queue.
  private let queue = DispatchQueue(label: "leases")
  private let path: String
  private let limits: Limits
  private let log: Logger
  /// What happens to leases, one event at a time and in its order, until it is stopped.
  let events: AsyncStream<LeaseEvent>
  private let report: AsyncStream<LeaseEvent>.Continuation
  private var listener: (any DispatchSourceRead)?
  private var place: BoundPath?
  private var peers: [Int32: Peer] = [:]
  private var connections: [uid_t: Int] = [:]
  private var allowances: [uid_t: Allowance] = [:]
  private var welcomed = 0
  private var isPaused = false

  /// How many leases a user may take now.
  private struct Allowance {
    var count: Double
    var time: ContinuousClock.Instant
  }

  private struct Peer {
    /// Tells it from a later peer with the same descriptor.
    let number: Int
    let source: any DispatchSourceRead
    let user: uid_t
    let pid: pid_t
    var line: [UInt8] = []
    var holder: LeaseHolder?
    var pidfd: (any DispatchSourceRead)?
  }

  /// Listens.
  ///
  /// - Parameters:
  ///   - path: the socket's path; anybody may connect.
  ///   - limits: what peers are held to.
  ///   - log: for peers that are refused.
  /// - Throws: `Errno`
  init(path: String, limits: Limits = Limits(), log: Logger) throws {
    self.path = path
    self.limits = limits
    self.log = log
    (events, report) = AsyncStream.makeStream(of: LeaseEvent.self)
    try queue.sync { try open() }
  }

  private func open() throws(Errno) {
    let file = socket(
      AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard file >= 0 else { throw Errno(rawValue: errno) }
    do throws(Errno) {
      let bound = try BoundPath(file, to: path, mode: 0o666)
      guard listen(file, 128) == 0 else { throw Errno(rawValue: errno) }
      place = bound
    } catch {
      close(file)
      throw error
    }
    let source = DispatchSource.makeReadSource(fileDescriptor: file, queue: queue)
    source.setEventHandler { [weak self] in self?.welcome(file) }
    source.setCancelHandler { close(file) }
    // One that is paused can't be cancelled.
    resume()
    listener?.cancel()
    listener = source
    source.activate()
  }

  /// Lets go of all: nothing is reported as dropped, and executors connect again later.
  func stop() {
    defer { report.finish() }
    queue.sync {
      place?.remove()
      resume()
      listener?.cancel()
      listener = nil
      place = nil
      for peer in peers.values {
        peer.source.cancel()
        peer.pidfd?.cancel()
      }
      peers = [:]
      connections = [:]
    }
  }

  /// Who holds a lease goes on holding it: only the way in is made anew.
  func restore() throws(RestoreFailure) -> [String] {
    do {
      return try queue.sync {
        if place?.isInPlace != false { return [] }
        try open()
        return [path]
      }
    } catch {
      throw RestoreFailure(path: path, reason: error as? Errno ?? .ioError)
    }
  }

  private func welcome(_ listening: Int32) {
    while true {
      let client = linux_accept(listening)
      if client < 0 {
        if errno == EINTR || errno == ECONNABORTED { continue }
        // Who waits goes on waiting: without a descriptor to spare nobody can even be turned away.
        if errno != EAGAIN { pause() }
        return
      }
      var pid: pid_t = 0
      var user: uid_t = 0
      guard linux_peer(client, &pid, &user) == 0, pid > 0, peers.count < limits.total,
        connections[user, default: 0] < limits.perUser
      else {
        close(client)
        continue
      }
      connections[user, default: 0] += 1
      let source = DispatchSource.makeReadSource(fileDescriptor: client, queue: queue)
      source.setEventHandler { [weak self] in self?.readable(client) }
      source.setCancelHandler { close(client) }
      welcomed += 1
      let number = welcomed
      peers[client] = Peer(number: number, source: source, user: user, pid: pid)
      source.activate()
      queue.asyncAfter(deadline: .now() + limits.hello.inSeconds) { [weak self] in
        guard let self, let peer = peers[client], peer.number == number, peer.holder == nil
        else { return }
        drop(client)
      }
    }
  }

  private func pause() {
    guard !isPaused else { return }
    isPaused = true
    listener?.suspend()
    queue.asyncAfter(deadline: .now() + .milliseconds(200)) { [weak self] in self?.resume() }
  }

  private func resume() {
    guard isPaused else { return }
    isPaused = false
    listener?.resume()
  }

  /// Reads all there is: once a peer has hung up, Dispatch reports nothing of it a second time.
  private func readable(_ client: Int32) {
    var chunk = [UInt8](repeating: 0, count: 1024)
    while var peer = peers[client] {
      let count = read(client, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { return }
      guard count > 0 else { return drop(client) }
      peer.line += chunk[..<count]
      while let end = peer.line.firstIndex(of: 0x0a) {
        let line = String(decoding: peer.line[..<end], as: UTF8.self)
        peer.line.removeSubrange(...end)
        peers[client] = peer
        guard take(line, from: client), let now = peers[client] else { return drop(client) }
        peer.holder = now.holder
        peer.pidfd = now.pidfd
      }
      guard peer.line.count <= limits.line else { return drop(client) }
      peers[client] = peer
    }
  }

  /// - Returns: false for what ends the connection.
  private func take(_ line: String, from client: Int32) -> Bool {
    guard var peer = peers[client] else { return false }
    if let holder = peer.holder {
      guard line == LeaseProtocol.release else { return false }
      peer.holder = nil
      peers[client] = peer
      report.yield(.released(holder))
      return false
    }
    guard let run = LeaseProtocol.run(of: line), let holder = Self.holder(peer, run: run),
      isAllowed(peer.user)
    else {
      log.debug("a lease of process \(peer.pid) is refused")
      answer(client, LeaseProtocol.refused + "\n")
      return false
    }
    peer.holder = holder
    peer.pidfd = watch(holder, client)
    // The pid may have changed hands before the descriptor was open.
    guard Incarnation.startTime(of: holder.pid) == holder.startTime else {
      peer.pidfd?.cancel()
      return false
    }
    peers[client] = peer
    report.yield(.held(holder))
    answer(client, LeaseProtocol.accepted + "\n")
    return true
  }

  private func isAllowed(_ user: uid_t) -> Bool {
    let (most, now) = (2 * Double(limits.perUser), ContinuousClock.now)
    func count(_ old: Allowance) -> Double {
      min(most, old.count + limits.perSecond * (now - old.time).inSeconds)
    }
    // Whoever may have all again is forgotten.
    if allowances.count > 1024 { allowances = allowances.filter { count($0.value) < most } }
    let left = allowances[user].map(count) ?? most
    allowances[user] = Allowance(count: left < 1 ? left : left - 1, time: now)
    return left >= 1
  }

  private func answer(_ client: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
  }

  /// The peer's end, even where a child of it has inherited the connection.
  private func watch(_ holder: LeaseHolder, _ client: Int32) -> (any DispatchSourceRead)? {
    let descriptor = linux_pidfd_open(holder.pid)
    guard descriptor >= 0 else { return nil }
    let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    source.setEventHandler { [weak self] in
      if self?.peers[client]?.holder == holder { self?.drop(client) }
    }
    source.setCancelHandler { close(descriptor) }
    source.activate()
    return source
  }

  private func drop(_ client: Int32) {
    guard let peer = peers.removeValue(forKey: client) else { return }
    connections[peer.user, default: 1] -= 1
    if connections[peer.user] == 0 { connections[peer.user] = nil }
    peer.source.cancel()
    peer.pidfd?.cancel()
    guard let holder = peer.holder else { return }
    if holder.isGone {
      report.yield(.dropped(holder, processEnded: true))
    } else {
      // A process that lives on for longer is watched as its pod's executor.
      lookAgain(holder, after: [20, 200, 1000, 5000] + Array(repeating: 10_000, count: 12))
    }
  }

  /// The kernel closes files a moment before the process is gone from its table, or long before
  /// where it has to wait for the processor.
  private func lookAgain(_ holder: LeaseHolder, after waits: [Int], isFirst: Bool = true) {
    guard let wait = waits.first else { return }
    queue.asyncAfter(deadline: .now() + .milliseconds(wait)) { [weak self, report] in
      let isGone = holder.isGone
      if isFirst {
        report.yield(.dropped(holder, processEnded: isGone))
      } else if isGone {
        report.yield(.ended(holder))
      }
      if !isGone { self?.lookAgain(holder, after: Array(waits.dropFirst()), isFirst: false) }
    }
  }

  /// Who the peer is, by the kernel's word.
  private static func holder(_ peer: Peer, run: String) -> LeaseHolder? {
    let pid = peer.pid
    guard let startTime = Incarnation.startTime(of: pid),
      let text = try? TextFile.text("/proc/\(pid)/cgroup"),
      // Read again: the pid may have changed hands in between.
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
