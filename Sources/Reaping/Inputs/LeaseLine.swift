/// The first line of a lease.
enum LeaseLine {
  /// The run that a line `LEASE 1 RUN` names; nil for any other. Later versions may add words.
  static func run(_ line: String) -> String? {
    let words = line.split(separator: " ")
    guard line.hasPrefix("LEASE 1 "), words.count >= 3, words[2].utf8.count <= 256,
      words[2].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") })
    else { return nil }
    return String(words[2])
  }
}
