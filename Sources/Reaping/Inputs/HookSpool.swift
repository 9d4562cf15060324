import CLinux
import Glibc
import HookEvents
import Logging
import Program
import SystemPackage
import Linux

/// Reads and removes the events of the spool in order. A reader of a directory holds its lock, and
/// writers wait for that. So the spool is exchanged with an empty directory beside it,
/// `spool.taken`, and the old directory is read there. If this fails, or if the spool is also used
/// for other files, it is read in place.
struct Spool {
  /// The identity of a directory. No other directory has it while this one is watched.
  struct Inode: Hashable {
    var device: dev_t
    var inode: ino_t

    /// The directory at a path; nil if there is none, or if other users may change its content.
    init?(_ path: String) {
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
        status.st_uid == 0 || status.st_uid == geteuid(), status.st_mode & 0o022 == 0
      else { return nil }
      (device, inode) = (status.st_dev, status.st_ino)
    }
  }

  /// The spool.
  let path: String
  /// The directory that the spool is exchanged with, and where events are read.
  var taken: String { path + ".taken" }
  /// How long files that aren't events stay in the spool.
  private let strangersStay: Duration
  private let log: Logger
  /// Directories that once contained only events.
  private var own: Set<Inode> = []
  /// The subjects of logged warnings: each is logged once.
  private var logged: Set<String> = []

  init(path: String, strangersStay: Duration = .seconds(86_400), log: Logger) {
    self.path = path
    self.strangersStay = strangersStay
    self.log = log
  }

  /// Whether the spool may be exchanged: it contains only events, or did when it was first read,
  /// and the other directory is usable.
  mutating func canExchange() -> Bool {
    guard let live = Inode(path) else { return false }
    if !own.contains(live) {
      let (_, others) = Self.names(path)
      guard others.allSatisfy(Self.isUnfinished) else { return false }
      if own.count > 16 { own = [] }
      own.insert(live)
    }
    return Self.makeTaken(taken, like: path) && Inode(taken)?.device == live.device
  }

  /// Exchanges the spool with an empty directory.
  ///
  /// - Returns: true on success; if false, the spool must be read in place.
  mutating func exchange() -> Bool {
    guard linux_exchange(path, taken) == 0 else { return false }
    if let live = Inode(path) { own.insert(live) }
    return true
  }

  /// Reads the exchanged directory: from this exchange, or from that of a reader that died.
  mutating func readTaken(_ take: ([UInt8]) -> Void) {
    if Inode(taken) != nil { read(taken, take) }
  }

  /// Reads a directory. Each event is removed before it is handled.
  mutating func read(_ directory: String, _ take: ([UInt8]) -> Void) {
    let (names, others) = Self.names(directory)
    for name in names.sorted() {
      let path = "\(directory)/\(name.text)"
      do {
        let bytes = try Self.content(path)
        if unlink(path) == 0 { take(bytes) }
      } catch let error as Errno where error == .tooManySymbolicLinkLevels {
        unlink(path)  // a link is no event
      } catch {
        logOnce(path, "\(path) can't be read, and is not removed: \(error)")
      }
    }
    // Events that are spooled during this reading are missing from the new count.
    unlink("\(directory)/\(SpoolName.count)")
    remove(others, in: directory)
  }

  private mutating func logOnce(_ what: String, _ words: String) {
    if logged.count > 1024 { logged = [] }
    if logged.insert(what).inserted { log.warning("\(words)") }
  }

  /// The time since a file's timestamp, which can be any number: tmpfs stores whatever is set.
  private static func age(since second: Int) -> Duration {
    let (age, isBeyond) = time(nil).subtractingReportingOverflow(second)
    return .seconds(isBeyond ? (second < 0 ? Int(UInt32.max) : 0) : age)
  }

  /// Removes old files that aren't events: a file that is still unfinished after a minute has lost
  /// its writer, and any other file is removed after `strangersStay`. A spool contains no
  /// directories: if there is one, no other file is removed.
  private mutating func remove(_ others: [String], in directory: String) {
    let all = others.compactMap { name -> (name: String, status: stat)? in
      var status = stat()
      return lstat("\(directory)/\(name)", &status) == 0 ? (name, status) : nil
    }
    let isShared = all.contains { $0.status.st_mode & S_IFMT == S_IFDIR }
    var removed: [String] = []
    for (name, status) in all {
      // Since it was last written or moved here.
      let age = Self.age(since: max(status.st_mtim.tv_sec, status.st_ctim.tv_sec))
      if Self.isUnfinished(name) {
        let written = Self.age(since: status.st_mtim.tv_sec)
        if status.st_mode & S_IFMT == S_IFREG, written > .seconds(60) {
          unlink("\(directory)/\(name)")
        }
      } else if isShared {
        logOnce(directory, "\(directory) contains a directory, so only its events are removed")
      } else if age > strangersStay, unlink("\(directory)/\(name)") == 0 {
        removed.append(name)
      }
    }
    guard let first = removed.first else { return }
    let words = removed.count == 1 ? "a file that is" : "\(removed.count) files that are"
    log.warning("removed \(words) no event from \(directory): \(Printable.text(first))")
  }

  /// The events, and all other names except the count.
  private static func names(_ directory: String) -> (events: [SpoolName], others: [String]) {
    var (events, others): ([SpoolName], [String]) = ([], [])
    for text in (try? Directory.names(of: directory)) ?? [] {
      if let name = SpoolName(text) {
        events.append(name)
      } else if text != SpoolName.count {
        others.append(text)
      }
    }
    return (events, others)
  }

  /// Whether the name belongs to an event that is being written, or whose writer died.
  private static func isUnfinished(_ name: String) -> Bool {
    name.hasPrefix(".") && SpoolName(String(name.dropFirst())) != nil
  }

  /// Creates the directory for the exchange, or checks an existing one. It may become the spool, so
  /// it gets the same owner and mode.
  private static func makeTaken(_ taken: String, like path: String) -> Bool {
    var (old, new) = (stat(), stat())
    guard lstat(path, &old) == 0 else { return false }
    if mkdir(taken, 0o700) != 0, errno != EEXIST { return false }
    guard Inode(taken) != nil, lstat(taken, &new) == 0 else { return false }
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid),
      lchown(taken, old.st_uid, old.st_gid) != 0
    {
      return false
    }
    return new.st_mode == old.st_mode || chmod(taken, old.st_mode & 0o7777) == 0
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
}
