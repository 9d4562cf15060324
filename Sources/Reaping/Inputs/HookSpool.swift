import CLinux
import Glibc
import HookEvents
import Logging
import Program
import SystemPackage
import Linux

/// Takes events out of the spool, in their order. Who reads a directory holds its lock, and who
/// spools waits for that: so the spool is exchanged for an empty directory beside it,
/// `spool.taken`, and that one is read. Where this can't be done, or where the spool is something
/// else's directory too, it is read where it is.
struct Spool {
  /// A directory by its number, which is no other's while it is watched.
  struct Folder: Hashable {
    var device: dev_t
    var inode: ino_t

    /// The directory that a path leads to; nil where there is none, or where others may change what
    /// lies in it.
    init?(_ path: String) {
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
        status.st_uid == 0 || status.st_uid == geteuid(), status.st_mode & 0o022 == 0
      else { return nil }
      (device, inode) = (status.st_dev, status.st_ino)
    }
  }

  /// Where events are spooled.
  let path: String
  /// Where they are read.
  var taken: String { path + ".taken" }
  /// How long a name that is no event's stays.
  private let strangersStay: Duration
  private let log: Logger
  /// Directories that were seen to hold nothing but events.
  private var own: Set<Folder> = []
  /// What was said, so that it is said once.
  private var said: Set<String> = []

  init(path: String, strangersStay: Duration = .seconds(86_400), log: Logger) {
    self.path = path
    self.strangersStay = strangersStay
    self.log = log
  }

  /// Whether the spool may be exchanged: it holds nothing but events, or did when it was first
  /// seen, and there is another.
  mutating func canExchange() -> Bool {
    guard let live = Folder(path) else { return false }
    if !own.contains(live) {
      let (_, others) = Self.names(path)
      guard others.allSatisfy(Self.isUnfinished) else { return false }
      if own.count > 16 { own = [] }
      own.insert(live)
    }
    return Self.makeTaken(taken, like: path) && Folder(taken)?.device == live.device
  }

  /// Takes the spool away, and leaves an empty one.
  ///
  /// - Returns: whether that was done; if not, it is to be read where it is.
  mutating func exchange() -> Bool {
    guard linux_exchange(path, taken) == 0 else { return false }
    if let live = Folder(path) { own.insert(live) }
    return true
  }

  /// Reads what was taken away: now, or by a reader that died.
  mutating func readTaken(_ take: ([UInt8]) -> Void) {
    if Folder(taken) != nil { read(taken, take) }
  }

  /// Reads a directory, each event once it is removed.
  mutating func read(_ folder: String, _ take: ([UInt8]) -> Void) {
    let (names, others) = Self.names(folder)
    for name in names.sorted() {
      let path = "\(folder)/\(name.text)"
      do {
        let bytes = try Self.content(path)
        if unlink(path) == 0 { take(bytes) }
      } catch let error as Errno where error == .tooManySymbolicLinkLevels {
        unlink(path)  // a link is no event
      } catch {
        say(path, "\(path) can't be read, and stays: \(error)")
      }
    }
    // Who counted it meanwhile counts too little by as much as was spooled during this reading.
    unlink("\(folder)/\(SpoolName.count)")
    remove(others, in: folder)
  }

  private mutating func say(_ what: String, _ words: String) {
    if said.count > 1024 { said = [] }
    if said.insert(what).inserted { log.warning("\(words)") }
  }

  /// How long ago a file's time was, which can be any number: a tmpfs keeps what it is told.
  private static func age(since second: Int) -> Duration {
    let (age, isBeyond) = time(nil).subtractingReportingOverflow(second)
    return .seconds(isBeyond ? (second < 0 ? Int(UInt32.max) : 0) : age)
  }

  /// Removes what is no event once it is old: a file that is still being written a minute later has
  /// no writer any more, any other goes after a day. A spool has no directories in it: where there
  /// is one, nothing else is anybody's to remove.
  private mutating func remove(_ others: [String], in folder: String) {
    let all = others.compactMap { name -> (name: String, status: stat)? in
      var status = stat()
      return lstat("\(folder)/\(name)", &status) == 0 ? (name, status) : nil
    }
    let isShared = all.contains { $0.status.st_mode & S_IFMT == S_IFDIR }
    var removed: [String] = []
    for (name, status) in all {
      // Since it was last written or put here.
      let age = Self.age(since: max(status.st_mtim.tv_sec, status.st_ctim.tv_sec))
      if Self.isUnfinished(name) {
        let written = Self.age(since: status.st_mtim.tv_sec)
        if status.st_mode & S_IFMT == S_IFREG, written > .seconds(60) {
          unlink("\(folder)/\(name)")
        }
      } else if isShared {
        say(folder, "\(folder) holds a directory, so what is no event in it is left alone")
      } else if age > strangersStay, unlink("\(folder)/\(name)") == 0 {
        removed.append(name)
      }
    }
    guard let first = removed.first else { return }
    let words = removed.count == 1 ? "a file that is" : "\(removed.count) files that are"
    log.warning("removed \(words) no event from \(folder): \(Printable.text(first))")
  }

  /// Events, and all else but the count.
  private static func names(_ folder: String) -> (events: [SpoolName], others: [String]) {
    var (events, others): ([SpoolName], [String]) = ([], [])
    for text in (try? Directory.names(of: folder)) ?? [] {
      if let name = SpoolName(text) {
        events.append(name)
      } else if text != SpoolName.count {
        others.append(text)
      }
    }
    return (events, others)
  }

  /// Whether an event is still being written under that name, or was by a writer that died.
  private static func isUnfinished(_ name: String) -> Bool {
    name.hasPrefix(".") && SpoolName(String(name.dropFirst())) != nil
  }

  /// Makes the directory that is read, or checks one that is there; it may become the spool, and is
  /// as that one is.
  private static func makeTaken(_ taken: String, like path: String) -> Bool {
    var (old, new) = (stat(), stat())
    guard lstat(path, &old) == 0 else { return false }
    if mkdir(taken, 0o700) != 0, errno != EEXIST { return false }
    guard Folder(taken) != nil, lstat(taken, &new) == 0 else { return false }
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
