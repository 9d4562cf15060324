import Glibc
import Testing

@testable import PodIdentity

@Suite("An incarnation")
struct IncarnationTests {
  @Test("is this process by pid, start time and boot")
  func current() throws {
    let own = Incarnation.current()
    #expect(own.pid == getpid())
    #expect(own.bootID?.count == 36)
    let stat = try KernelFile.text("/proc/self/stat")
    #expect(own.startTime == Incarnation.parse(stat: stat)?.startTime)
    #expect(own.startTime ?? 0 > 0)
  }

  @Test("is read from a stat whose command holds spaces and parentheses")
  func oddCommand() throws {
    let fields = (3...52).map { String($0 * 10) }.joined(separator: " ")
    let parsed = try #require(Incarnation.parse(stat: "42 (a) b (c) \(fields)"))
    #expect(parsed.pid == 42)
    #expect(parsed.startTime == 220)
  }

  @Test(
    "is not made of a text that is no stat", arguments: ["", "42", "x (sh) S 1", "42 (sh) S 1"])
  func malformed(stat: String) {
    #expect(Incarnation.parse(stat: stat) == nil)
  }
}
