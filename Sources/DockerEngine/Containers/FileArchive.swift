/// Files to copy into a container, as a tar archive (POSIX.1-1988, "ustar").
package struct FileArchive: Sendable, Hashable {
  /// One file.
  package struct File: Sendable, Hashable {
    /// The path, relative to the directory in which the archive is unpacked.
    package var path: String
    /// The content.
    package var content: [UInt8]
    /// The permission bits.
    package var mode: UInt32
    /// The user ID of the owner.
    package var uid: Int
    /// The group ID of the owner.
    package var gid: Int

    /// Creates a file.
    package init(path: String, content: [UInt8], mode: UInt32, uid: Int = 0, gid: Int = 0) {
      self.path = path
      self.content = content
      self.mode = mode
      self.uid = uid
      self.gid = gid
    }
  }

  /// The files, in the order of the archive.
  package var files: [File]

  /// Creates an archive of these files.
  package init(files: [File] = []) { self.files = files }

  /// Encodes the archive.
  ///
  /// - Parameter time: The modification time of the files, in seconds since 1970.
  /// - Returns: The archive. Nil if a path is too long for the format: at most 155 bytes before a
  ///   `/` and at most 100 after it.
  package func bytes(time: Int64) -> [UInt8]? {
    var bytes: [UInt8] = []
    for file in files {
      guard let (prefix, name) = Self.parts(of: file.path) else { return nil }
      bytes += Self.header(file, prefix: prefix, name: name, time: time)
      bytes += file.content
      bytes += [UInt8](repeating: 0, count: (512 - file.content.count % 512) % 512)
    }
    return bytes + [UInt8](repeating: 0, count: 1024)
  }

  private static func header(
    _ file: File, prefix: [UInt8], name: [UInt8], time: Int64
  ) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ bytes: [UInt8], at offset: Int) {
      block.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    put(name, at: 0)
    put(octal(Int64(file.mode), width: 8), at: 100)
    put(octal(Int64(file.uid), width: 8), at: 108)
    put(octal(Int64(file.gid), width: 8), at: 116)
    put(octal(Int64(file.content.count), width: 12), at: 124)
    put(octal(time, width: 12), at: 136)
    put([UInt8](repeating: 0x20, count: 8), at: 148)
    put(Array("0".utf8), at: 156)
    put(Array("ustar\u{0}00".utf8), at: 257)
    put(prefix, at: 345)
    let sum = block.reduce(0) { $0 + Int64($1) }
    put(octal(sum, width: 7) + [0x20], at: 148)
    return block
  }

  /// Encodes a number as octal digits and a zero byte. A number that is too large for that is
  /// encoded in base 256, as GNU tar does.
  private static func octal(_ number: Int64, width: Int) -> [UInt8] {
    let digits = String(number, radix: 8)
    if digits.utf8.count < width {
      return Array((String(repeating: "0", count: width - 1 - digits.utf8.count) + digits).utf8) + [
        0
      ]
    }
    var bytes = [UInt8](repeating: 0, count: width)
    var rest = number
    for index in stride(from: width - 1, through: 0, by: -1) {
      bytes[index] = UInt8(truncatingIfNeeded: rest)
      rest >>= 8
    }
    bytes[0] |= 0x80
    return bytes
  }

  private static func parts(of path: String) -> (prefix: [UInt8], name: [UInt8])? {
    let bytes = Array(path.utf8.drop { $0 == UInt8(ascii: "/") })
    if bytes.count <= 100 { return ([], bytes) }
    // The first `/` whose suffix fits into the name. The prefix before it may have 155 bytes.
    for index in bytes.indices where bytes[index] == UInt8(ascii: "/") {
      let name = bytes[(index + 1)...]
      if index <= 155, name.count <= 100 { return (Array(bytes[..<index]), Array(name)) }
    }
    return nil
  }
}
