import CLinux
import Dispatch
import Glibc
import HookEvents
import Logging
import PodIdentity
import Synchronization
import SystemPackage
import Linux

/// Receives the events of the agent's hook in order: datagrams on a socket, and files of the spool
/// that were written while no process listened. Each event is removed from its source before it is
/// handled, so that none is handled twice. The full pass at the next start makes up for events that
/// a crash in between loses.
final class HookEventListener: Restorable {
  private let socketPath: String
  private let spool: String
  private let reader: Mutex<Spool>
  private let log: Logger
  /// Each event once, in order, until the listener is stopped.
  let events: AsyncStream<HookEvent>
  private let report: AsyncStream<HookEvent>.Continuation
  private let queue = DispatchQueue(label: "hook events")
  private let makeWatch: @Sendable (String) -> Int32
  private let state = Mutex(State())

  private struct State {
    /// The socket, and the file that it is bound to.
    var socket: (source: ReadSource, location: BoundPath)?
    /// The watches on the spool and on the directory that it is exchanged with.
    var watches: [Spool.Inode: ReadSource] = [:]
    /// Whether the exchanged directory will be read soon, and whether the spool must be read again
    /// after that.
    var isReading = false
    var isMore = false
    var seen = RecentSet<HookEvent.ID>(atLeast: 65_536)
    /// Whether a warning was logged that the spool can't be watched.
    var saidUnwatched = false
    /// After the stop no event is handled: the next start handles it.
    var isStopped = false
  }

  /// Starts to listen, and reads the events in the spool.
  ///
  /// - Parameters:
  ///   - socketPath: the path of the socket to create.
  ///   - spool: the spool directory.
  ///   - strangersStay: how long files that aren't events stay in the spool.
  ///   - log: receives warnings about events that can't be read.
  ///   - makeWatch: watches a directory; returns a file descriptor, or -1 and `errno`.
  /// - Throws: `Errno`
  init(
    socket socketPath: String, spool: String, strangersStay: Duration = .seconds(86_400),
    log: Logger, makeWatch: @escaping @Sendable (String) -> Int32 = { linux_watch_directory($0) }
  ) throws {
    self.socketPath = socketPath
    self.spool = spool
    reader = Mutex(Spool(path: spool, strangersStay: strangersStay, log: log))
    self.log = log
    self.makeWatch = makeWatch
    (events, report) = AsyncStream.makeStream(of: HookEvent.self)
    do {
      try watchSpool()
      // The spool is read first: its events are older than those that arrive by the socket now.
      queue.async { [weak self] in self?.readSpool(atOnce: true) }
      try listen()
    } catch {
      releaseConnection()
      throw error
    }
  }

  /// Creates a missing socket or spool again. Reads the spool in any case, because some file
  /// systems don't report all changes to a watch.
  func restore() throws(RestoreFailure) -> [String] {
    var made: [String] = []
    defer { queue.async { [weak self] in self?.readSpool() } }
    if !isWatched {
      let isGone = Spool.Inode(spool) == nil
      do { try watchSpool() } catch { throw RestoreFailure(path: spool, reason: error) }
      if isGone { made.append(spool) }
    }
    if state.withLock({ $0.socket?.location })?.isInPlace != true {
      do { try listen() } catch { throw RestoreFailure(path: socketPath, reason: error) }
      made.append(socketPath)
    }
    return made
  }

  /// Stops listening after the queued datagrams are handled. Later events are spooled.
  func stop() {
    let socket = state.withLock { $0.socket }
    socket?.location.remove()
    queue.sync {
      if let socket { receive(socket.source.descriptor) }
      releaseConnection()
      report.finish()
    }
  }

  private func releaseConnection() {
    let sources = state.withLock { state in
      defer { (state.socket, state.watches, state.isStopped) = (nil, [:], true) }
      return Array(state.watches.values) + [state.socket?.source].compactMap { $0 }
    }
    for source in sources { source.cancel() }
  }

  /// Whether the spool exists and is watched.
  private var isWatched: Bool {
    guard let live = Spool.Inode(spool) else { return false }
    return state.withLock { $0.watches[live] != nil }
  }

  /// Creates the spool if it doesn't exist, and watches it. Watches on former directories are
  /// removed.
  private func watchSpool() throws(Errno) {
    if mkdir(spool, 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
    guard linux_is_kernels(spool) == 0 else { throw Errno.invalidArgument }
    try watch(spool)
    let kept = [Spool.Inode(spool), Spool.Inode(reader.withLock(\.taken))]
    let old = state.withLock { state in
      let old = state.watches.filter { !kept.contains($0.key) }
      for directory in old.keys { state.watches[directory] = nil }
      return old
    }
    for source in old.values { source.cancel() }
  }

  /// Watches a directory. As in the shim, only this user or root may be able to change it. If the
  /// kernel has no watch left, each pass reads the spool instead.
  private func watch(_ path: String) throws(Errno) {
    let before = Spool.Inode(path)
    if let before, state.withLock({ $0.watches[before] != nil }) { return }
    let file = makeWatch(path)
    guard file >= 0 else {
      let reason = Errno(rawValue: errno)
      guard before != nil, Self.usedUp.contains(reason) else { throw reason }
      return logUnwatched(reason)
    }
    guard let directory = before, Spool.Inode(path) == directory else {
      close(file)
      throw Errno.notPermitted
    }
    state.withLock { state in
      state.watches[directory] = ReadSource(file, on: queue) { [weak self] in
        self?.changed(file, directory)
      }
      state.saidUnwatched = false
    }
  }

  /// The errors of the kernel if the limit of watches, files or memory is reached.
  private static let usedUp: Set<Errno> = [
    .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noSpace, .noMemory,
  ]

  private func logUnwatched(_ reason: Errno) {
    let isLogged = state.withLock { state in
      defer { state.saidUnwatched = true }
      return state.saidUnwatched
    }
    if isLogged { return }
    log.warning(
      "the spool \(spool) can't be watched, and is read with each pass: \(reason) (see fs.inotify in sysctl)"
    )
  }

  /// A file was added to the spool, or the directory was removed or renamed. In the latter case the
  /// new directory is watched before it is read.
  private func changed(_ file: Int32, _ directory: Spool.Inode) {
    var bytes = [UInt8](repeating: 0, count: 4096)
    var came: Int32 = 0
    while true {
      let count = read(file, &bytes, bytes.count)
      if count <= 0 { break }
      came |= linux_watch_came(bytes, count)
    }
    if came & Int32(LINUX_WATCH_REMOVED) != 0 {
      state.withLock { $0.watches.removeValue(forKey: directory) }?.cancel()
    }
    // An exchange by this program is also a rename, and needs no action.
    let isNew = !isWatched
    if isNew {
      do {
        try watchSpool()
      } catch {
        log.error("the spool \(spool) was removed, and can't be created again: \(error)")
      }
    }
    if isNew || came & Int32(LINUX_WATCH_FILLED) != 0 { readSpool() }
  }

  /// Exchanges the spool and reads the old directory a moment later: a process that is about to
  /// write to it then doesn't wait for this reader.
  private func readSpool(atOnce: Bool = false) {
    let isReading = state.withLock { state in
      state.isMore = state.isReading
      return state.isReading
    }
    if isReading || state.withLock(\.isStopped) { return }
    let isTaken = reader.withLock { spool in
      spool.readTaken { handle($0, from: "spool") }
      if spool.canExchange(), isWatchable(spool.taken), spool.exchange() { return true }
      spool.read(spool.path) { handle($0, from: "spool") }
      return false
    }
    if !isTaken { return }
    if atOnce { return readTaken() }
    state.withLock { $0.isReading = true }
    queue.asyncAfter(deadline: .now() + .milliseconds(20)) { [weak self] in self?.readTaken() }
  }

  /// Whether a directory may become the spool: it is watched, or no directory can be.
  private func isWatchable(_ path: String) -> Bool {
    guard (try? watch(path)) != nil, let directory = Spool.Inode(path) else { return false }
    return !isWatched || state.withLock { $0.watches[directory] != nil }
  }

  private func readTaken() {
    // The exchanged directory is read at the next start.
    if state.withLock(\.isStopped) { return }
    reader.withLock { spool in spool.readTaken { handle($0, from: "spool") } }
    let isMore = state.withLock { state in
      defer { (state.isReading, state.isMore) = (false, false) }
      return state.isMore
    }
    if isMore { readSpool() }
  }

  private func listen() throws(Errno) {
    let file = socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard file >= 0 else { throw Errno(rawValue: errno) }
    var yes: Int32 = 1
    setsockopt(file, SOL_SOCKET, SO_PASSCRED, &yes, socklen_t(MemoryLayout<Int32>.size))
    let location: BoundPath
    do {
      location = try BoundPath(file, to: socketPath, mode: 0o600)
    } catch {
      close(file)
      throw error
    }
    // The datagrams in the old socket are older. The queue runs one handler at a time.
    let old = state.withLock(\.socket)?.source
    if let old {
      queue.async { [weak self] in
        self?.receive(old.descriptor)
        old.cancel()
      }
    }
    state.withLock { state in
      let source = ReadSource(file, on: queue) { [weak self] in self?.receive(file) }
      state.socket = (source, location)
    }
  }

  private func receive(_ socket: Int32) {
    var bytes = [UInt8](repeating: 0, count: HookEvent.longest + 4096)
    while true {
      var user = uid_t.max
      let count = linux_receive(socket, &bytes, bytes.count, &user)
      if count < 0 {
        if errno == EMSGSIZE || errno == EINTR { continue }
        return
      }
      guard user == 0 || user == geteuid() else {
        log.warning("a hook event of user \(user) is ignored")
        continue
      }
      handle(Array(bytes[..<count]), from: "socket")
    }
  }

  private func handle(_ bytes: [UInt8], from location: String) {
    do {
      let event = try HookEvent.decode(bytes)
      if state.withLock({ $0.seen.insert(event.id) }) { report.yield(event) }
    } catch {
      log.warning("an event from the \(location) can't be read: \(error)")
    }
  }
}
