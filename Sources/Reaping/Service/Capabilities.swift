import PodIdentity
import Linux

/// What this process may do beyond an ordinary user (capabilities(7)).
enum Capabilities {
  private static let wanted: [(name: String, bit: UInt64)] = [
    ("CAP_DAC_OVERRIDE", 1), ("CAP_KILL", 5), ("CAP_SYS_PTRACE", 19),
  ]

  /// Which of the capabilities it can use it has.
  static var words: String {
    let status = (try? TextFile.text("/proc/self/status")) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    let bits = line.flatMap { UInt64($0.drop { $0 != "\t" }.dropFirst(), radix: 16) } ?? 0
    let held = wanted.filter { bits & (1 << $0.bit) != 0 }.map(\.name)
    return held.isEmpty ? "no capability" : held.joined(separator: ", ")
  }
}
