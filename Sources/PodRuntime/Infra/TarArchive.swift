/// A tar archive of regular files (POSIX.1-1988, "ustar"), the same bytes for the same files.
struct TarArchive {
  private(set) var bytes: [UInt8] = []

  /// Adds a file that belongs to root and has no time.
  ///
  /// - Parameters:
  ///   - name: its path, of at most 100 bytes.
  ///   - mode: its permissions.
  ///   - content: what is in it.
  mutating func add(_ name: String, mode: Int = 0o644, _ content: [UInt8]) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func octal(_ number: Int, _ digits: Int) -> String {
      let text = String(number, radix: 8)
      return String(repeating: "0", count: digits - text.utf8.count) + text
    }
    put(name, at: 0)
    put(octal(mode, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    put(octal(content.count, 11), at: 124)
    put(octal(0, 11), at: 136)
    put("0", at: 156)
    put("ustar\0" + "00", at: 257)
    // The sum is taken with spaces in its own place.
    put("        ", at: 148)
    let sum = header.reduce(0) { $0 + Int($1) }
    put(octal(sum, 6) + "\0 ", at: 148)
    bytes += header + content
    bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// The archive with its end.
  var closed: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
