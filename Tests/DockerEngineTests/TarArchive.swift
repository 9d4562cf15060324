/// A tar archive (ustar) of executables and links, sufficient for an image.
struct TarArchive {
  private var bytes: [UInt8] = []

  /// Adds an executable.
  mutating func add(_ content: [UInt8], at path: String) {
    bytes += header(path, type: "0", size: content.count, link: "")
    bytes += content
    bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// Adds a symbolic link.
  mutating func add(link path: String, to target: String) {
    bytes += header(path, type: "2", size: 0, link: target)
  }

  /// The archive with its trailer.
  func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

  private func header(_ path: String, type: String, size: Int, link: String) -> [UInt8] {
    func octal(_ value: Int, _ width: Int) -> String {
      let digits = String(value, radix: 8)
      return String(repeating: "0", count: width - digits.count) + digits
    }
    var block = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
    }
    put(path, at: 0)
    put(octal(0o755, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    put(octal(size, 11), at: 124)
    put(octal(0, 11), at: 136)
    put("        ", at: 148)
    put(type, at: 156)
    put(link, at: 157)
    put("ustar", at: 257)
    put("00", at: 263)
    put(octal(block.reduce(0) { $0 + Int($1) }, 6), at: 148)
    block[154] = 0
    return block
  }
}
