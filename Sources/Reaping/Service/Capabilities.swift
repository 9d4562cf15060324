import PodIdentity
import Linux

/// The capabilities of this process (capabilities(7)).
enum Capabilities {
  private static let wanted: [(name: String, bit: UInt64)] = [
    ("CAP_DAC_OVERRIDE", 1), ("CAP_KILL", 5), ("CAP_SYS_PTRACE", 19),
  ]

  /// The names of those effective capabilities that this program uses.
  static var text: String {
    let status = (try? TextFile.text("/proc/self/status")) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    let bits = line.flatMap { UInt64($0.drop { $0 != "\t" }.dropFirst(), radix: 16) } ?? 0
    let held = wanted.filter { bits & (1 << $0.bit) != 0 }.map(\.name)
    return held.isEmpty ? "no capability" : held.joined(separator: ", ")
  }
}
