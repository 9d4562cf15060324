import CLinux
import Dispatch
import Glibc
import HookEvents
import Logging
import PodIdentity
import Program
import Synchronization
import SystemPackage

/// Hears what the agent's hook says: datagrams on a socket, and files of the spool for what came while nobody
/// listened, in their order. Each event is taken off before it is acted on, so that none is acted on twice; what
/// a crash in between loses, the full pass of the next start makes up for.
final class HookEar: Restorable {
  private let socketPath: String
  private let spool: String
  private let log: Logger
  private let hear: @Sendable (HookEvent) -> Void
  private let queue = DispatchQueue(label: "hook events")
  private let state = Mutex(State())

  private struct State {
    /// The socket, and the file that it is bound to.
    var socket: (source: Source, place: BoundPath)?
    /// The watch on the spool, and which directory it is on.
    var spool: (source: Source, folder: Folder)?
    var seen: [HookEvent.ID: Bool] = [:]
  }
  /// A directory by its number, which is no other's while it is watched.
  private struct Folder: Equatable {
    var device: dev_t
    var inode: ino_t
  }
  /// A source may be used from any thread; Dispatch just doesn't say so to the compiler.
  private struct Source: @unchecked Sendable { let source: any DispatchSourceRead }

  /// Listens from now on, and reads what the spool holds.
  ///
  /// - Parameters:
  ///   - socketPath: where the socket is made.
  ///   - spool: the folder where events wait.
  ///   - log: for events that can't be read.
  ///   - hear: told of each event, one at a time.
  /// - Throws: `Errno`
  init(
    socket socketPath: String, spool: String, log: Logger,
    hear: @escaping @Sendable (HookEvent) -> Void
  ) throws {
    self.socketPath = socketPath
    self.spool = spool
    self.log = log
    self.hear = hear
    do {
      try watchSpool()
      // What waited in the spool is older than what comes by the socket now.
      queue.async { [weak self] in self?.readSpool() }
      try listen()
    } catch {
      letGo()
      throw error
    }
  }

  /// Binds the socket and watches the spool again where they are gone: events that came meanwhile wait in the spool, if
  /// they had one.
  func restore() throws(RestoreFailure) -> [String] {
    var made: [String] = []
    let (socket, folder) = state.withLock { ($0.socket?.place, $0.spool?.folder) }
    if folder == nil || folder != Self.find(spool) {
      do { try watchSpool() } catch { throw RestoreFailure(path: spool, reason: error) }
      made.append(spool)
      queue.async { [weak self] in self?.readSpool() }
    }
    if socket?.isInPlace != true {
      do { try listen() } catch { throw RestoreFailure(path: socketPath, reason: error) }
      made.append(socketPath)
    }
    return made
  }

  /// Stops listening, once what is in the queue has been heard; later events go to the spool.
  func stop() {
    let socket = state.withLock { $0.socket }
    socket?.place.remove()
    queue.sync {
      if let socket { receive(Int32(socket.source.source.handle)) }
    }
    letGo()
  }

  private func letGo() {
    let sources = state.withLock { state in
      defer { (state.socket, state.spool) = (nil, nil) }
      return [state.socket?.source, state.spool?.source]
    }
    for case let source? in sources { source.source.cancel() }
  }

  /// A watch on the spool, which is made if it isn't there: as for the shim, it must be nobody's to change but this
  /// user's or root's.
  private static func folder(_ path: String) throws(Errno) -> Int32 {
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
    let folder = linux_watch_folder(path)
    guard folder >= 0 else { throw Errno(rawValue: errno) }
    var status = stat()
    let isThere = lstat(path, &status) == 0
    guard isThere, status.st_uid == 0 || status.st_uid == geteuid(), status.st_mode & 0o022 == 0
    else {
      close(folder)
      throw Errno.notPermitted
    }
    return folder
  }

  private static func find(_ path: String) -> Folder? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    return Folder(device: status.st_dev, inode: status.st_ino)
  }

  private func watchSpool() throws(Errno) {
    let folder = try Self.folder(spool)
    guard let found = Self.find(spool) else {
      close(folder)
      throw Errno.noSuchFileOrDirectory
    }
    let source = source(folder) { [weak self] in self?.changed(folder) }
    let old = state.withLock { state in
      defer { state.spool = (source, found) }
      return state.spool
    }
    old?.source.source.cancel()
    source.source.activate()
  }

  /// Something was put into the spool, or the folder is gone: then the next is watched, before it is read.
  private func changed(_ folder: Int32) {
    var bytes = [UInt8](repeating: 0, count: 4096)
    var isGone = false
    while true {
      let count = read(folder, &bytes, bytes.count)
      if count <= 0 { break }
      isGone = isGone || linux_watch_ended(bytes, count) != 0
    }
    if isGone {
      let old = state.withLock { state in
        defer { state.spool = nil }
        return state.spool
      }
      old?.source.source.cancel()
      do {
        try watchSpool()
      } catch {
        log.error("the spool \(spool) is gone, and can't be made: \(error)")
      }
    }
    readSpool()
  }

  private func source(
    _ descriptor: Int32, _ handle: @escaping @Sendable () -> Void
  ) -> Source {
    let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    source.setEventHandler(handler: handle)
    source.setCancelHandler { close(descriptor) }
    return Source(source: source)
  }

  private func listen() throws(Errno) {
    let file = socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard file >= 0 else { throw Errno(rawValue: errno) }
    var yes: Int32 = 1
    setsockopt(file, SOL_SOCKET, SO_PASSCRED, &yes, socklen_t(MemoryLayout<Int32>.size))
    let place: BoundPath
    do {
      place = try BoundPath(file, to: socketPath, mode: 0o600)
    } catch {
      close(file)
      throw error
    }
    let source = source(file) { [weak self] in self?.receive(file) }
    let old = state.withLock { state in
      defer { state.socket = (source, place) }
      return state.socket
    }
    // What is queued in the old one came first; the queue runs one handler at a time.
    queue.async { [weak self] in
      if let old {
        self?.receive(Int32(old.source.source.handle))
        old.source.source.cancel()
      }
      source.source.activate()
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
        log.warning("a hook event of user \(user) is not heard")
        continue
      }
      take(Array(bytes[..<count]), from: "socket")
    }
  }

  private func readSpool() {
    guard let handle = opendir(spool) else { return }
    var names: [SpoolName] = []
    while let entry = readdir(handle) {
      let text = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let name = SpoolName(text) {
        names.append(name)
      } else if text.hasPrefix("."), SpoolName(String(text.dropFirst())) != nil {
        removeStale("\(spool)/\(text)")
      }
    }
    closedir(handle)
    for name in names.sorted() {
      let path = "\(spool)/\(name.text)"
      do {
        let bytes = try Self.content(path)
        if unlink(path) == 0 { take(bytes, from: "spool") }
      } catch let error as Errno where error == .tooManySymbolicLinkLevels {
        unlink(path)  // a link is no event
      } catch {
        log.warning("\(path) can't be read, and stays: \(error)")
      }
    }
  }

  /// A file that is still being written a minute later has no writer any more.
  private func removeStale(_ path: String) {
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      time(nil) - status.st_mtim.tv_sec > 60
    {
      unlink(path)
    }
  }

  private static func content(_ path: String) throws -> [UInt8] {
    let file = try FileDescriptor.open(
      FilePath(path), .readOnly, options: [.noFollow, .closeOnExec, .nonBlocking])
    return try file.closeAfter {
      var bytes = [UInt8](repeating: 0, count: HookEvent.longest + 4096)
      let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
      return Array(bytes[..<count])
    }
  }

  private func take(_ bytes: [UInt8], from place: String) {
    do {
      let event = try HookEvent.decode(bytes)
      let isNew = state.withLock { state in
        if state.seen.count > 65_536 { state.seen = [:] }
        return state.seen.updateValue(true, forKey: event.id) == nil
      }
      if isNew { hear(event) }
    } catch {
      log.warning("an event from the \(place) can't be read: \(error)")
    }
  }
}
