import Glibc
import Linux

/// A range of addresses, such as `10.200.0.0/16`, or a single address.
struct IPNetwork: Sendable, Hashable, CustomStringConvertible {
  /// The address in network order: 4 or 16 bytes, zero after the prefix.
  private let bytes: [UInt8]
  /// The length of the prefix in bits.
  let prefix: Int

  /// Parses an address, with or without a prefix; nil for any other text.
  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let bytes = Self.bytes(of: String(first)) else { return nil }
    var prefix = bytes.count * 8
    if parts.count == 2 {
      let isNumber = !parts[1].isEmpty && parts[1].allSatisfy(\.isWholeNumber)
      guard isNumber, let bits = Int(parts[1]), bits <= prefix else { return nil }
      prefix = bits
    }
    self.init(bytes: bytes, prefix: prefix)
  }

  /// Creates a range from its bytes and the length of its prefix.
  init(bytes: [UInt8], prefix: Int) {
    self.prefix = prefix
    self.bytes = bytes.enumerated().map { index, byte in
      byte & Self.mask(of: prefix - index * 8)
    }
  }

  private static func mask(of bits: Int) -> UInt8 {
    bits <= 0 ? 0 : bits >= 8 ? 0xff : ~(0xff >> UInt8(bits))
  }

  private static func bytes(of text: String) -> [UInt8]? {
    for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: size)
      if inet_pton(family, text, &bytes) == 1 { return bytes }
    }
    return nil
  }

  /// Whether this range contains all of another.
  func contains(_ other: IPNetwork) -> Bool {
    bytes.count == other.bytes.count && prefix <= other.prefix
      && IPNetwork(bytes: other.bytes, prefix: prefix) == self
  }

  /// Whether the two ranges have a common address.
  func overlaps(_ other: IPNetwork) -> Bool { contains(other) || other.contains(self) }

  var description: String {
    let text =
      bytes.count == 4
      ? bytes.map(String.init).joined(separator: ".")
      : stride(from: 0, to: 16, by: 2).map {
        String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
      }.joined(separator: ":")
    return "\(text)/\(prefix)"
  }
}

/// The networks that the host reaches without its default route.
package enum HostRoutes {
  /// The ranges of `current()` as text, such as `10.200.0.0/16`.
  package static func texts() -> [String] { current().map(\.description) }

  /// The current routes of /proc/net (proc(5)).
  static func current() -> [IPNetwork] {
    let old = lines(of: "/proc/net/route").dropFirst().compactMap { line -> IPNetwork? in
      let fields = line.split(whereSeparator: \.isWhitespace)
      guard fields.count > 7, let address = UInt32(fields[1], radix: 16),
        let mask = UInt32(fields[7], radix: 16), mask != 0
      else { return nil }
      // Both are in network order, printed as integers of this machine.
      let bytes = withUnsafeBytes(of: address) { Array($0) }
      return IPNetwork(bytes: bytes, prefix: mask.nonzeroBitCount)
    }
    let new = lines(of: "/proc/net/ipv6_route").compactMap { line -> IPNetwork? in
      let fields = line.split(whereSeparator: \.isWhitespace)
      guard fields.count > 1, fields[0].count == 32, let prefix = Int(fields[1], radix: 16),
        prefix != 0
      else { return nil }
      let digits = Array(fields[0])
      let bytes = stride(from: 0, to: 32, by: 2).compactMap {
        UInt8(String(digits[$0...($0 + 1)]), radix: 16)
      }
      // Every host has multicast and link-local routes.
      if bytes.count != 16 || bytes[0] == 0xff || (bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80) {
        return nil
      }
      return IPNetwork(bytes: bytes, prefix: prefix)
    }
    return old + new
  }

  private static func lines(of path: String) -> [Substring] {
    ((try? TextFile.text(path)) ?? "").split(separator: "\n")
  }
}
