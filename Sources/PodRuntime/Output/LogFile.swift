import Glibc
import SystemPackage

/// One stream's file and its older files: `NAME`, `NAME.1`, `NAME.2`.
final class LogFile {
  /// Why a file is permanently left alone.
  enum Refusal: Error, CustomStringConvertible {
    /// A file that this program didn't create has a required name.
    case isForeign
    /// Another pod writes it.
    case isInUse

    var description: String {
      switch self {
      case .isForeign: "(or an older file of it) exists already, and this program didn't create it"
      case .isInUse: "is written by another pod"
      }
    }
  }

  /// How long writing pauses after an error.
  private static let pause = Duration.seconds(10)

  var name: String
  var isRefused = false
  private var descriptor: Int32 = -1
  private var size = 0
  private var resumption: ContinuousClock.Instant?

  init(name: String) { self.name = name }

  deinit { close() }

  /// Opens the file for the first time, or the next one after a rotation.
  ///
  /// - Throws: `Errno`, `Refusal`.
  func open(in directory: LogDirectory) throws {
    let file = try directory.open(name)
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      Glibc.close(file)
      throw Refusal.isInUse
    }
    var status = stat()
    size = fstat(file, &status) == 0 ? Int(status.st_size) : 0
    descriptor = file
  }

  /// Closes the file.
  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Appends bytes. A file that would become too large is rotated at the end of a line, or within a
  /// line that is longer than a file.
  ///
  /// - Throws: `Errno`, after which bytes are dropped without an error for ten seconds; `Refusal`.
  func write(_ bytes: [UInt8], limit: Int, olderFiles: Int, in directory: LogDirectory) throws {
    if let resumption {
      guard ContinuousClock.now >= resumption else { return }
      self.resumption = nil
    }
    do {
      if descriptor < 0 { try open(in: directory) }
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = fitting(rest, limit: limit)
        if count == 0 {
          try rotate(olderFiles, in: directory)
        } else {
          try put(rest.prefix(count))
          rest = rest.dropFirst(count)
        }
      }
    } catch let error as Errno {
      resumption = .now + Self.pause
      throw error
    }
  }

  /// How many of these bytes fit into the file; 0 if it must be rotated first.
  private func fitting(_ bytes: ArraySlice<UInt8>, limit: Int) -> Int {
    let room = limit - size
    if bytes.count <= room { return bytes.count }
    guard room > 0 else { return 0 }
    if let end = bytes.prefix(room).lastIndex(of: 0x0a) { return end - bytes.startIndex + 1 }
    return size > 0 ? 0 : room
  }

  private func put(_ bytes: ArraySlice<UInt8>) throws(Errno) {
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        size += count
        rest = rest.dropFirst(count)
      } else if count == 0 || errno != EINTR {
        throw Errno(rawValue: count == 0 ? ENOSPC : errno)
      }
    }
  }

  /// Makes the file the newest of the older files, and removes the oldest.
  private func rotate(_ count: Int, in directory: LogDirectory) throws {
    for number in (1...count).reversed() {
      guard let isMade = directory.hasMade("\(name).\(number)") else { continue }
      guard isMade else { throw Refusal.isForeign }
      if number == count {
        try directory.remove("\(name).\(number)")
      } else {
        try directory.rename("\(name).\(number)", to: "\(name).\(number + 1)")
      }
    }
    // A file that a user has renamed or removed is left alone.
    if directory.isNamed(name, descriptor) { try directory.rename(name, to: "\(name).1") }
    close()
    try open(in: directory)
  }
}
