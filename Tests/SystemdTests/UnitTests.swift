import Testing

@testable import Systemd

@Suite("Units by their names")
struct UnitTests {
  @Test(
    "A pattern's star stands for any text",
    arguments: [
      ("docker-1.scope", "docker-*.scope", true), ("docker-.scope", "docker-*.scope", true),
      ("docker-1.slice", "docker-*.scope", false), ("adocker-1.scope", "docker-*.scope", false),
      ("a", "a", true), ("ab", "a", false), ("ab", "a*", true), ("x-ab-y", "*ab*", true),
      ("aba", "aba*ba", false), ("a-mid-b", "a*mid*b", true), ("a-mi-b", "a*mid*b", false),
    ])
  func star(_ name: String, _ pattern: String, _ matches: Bool) {
    #expect(SystemdUnit.matches(name, pattern) == matches)
  }

  @Test(
    "A set is a bit mask of as many bytes as it needs",
    arguments: [
      ([], []), ([0], [1]), ([7], [0x80]), ([8], [0, 1]), ([0, 1, 9], [3, 2]),
    ] as [(Set<Int>, [UInt8])])
  func mask(_ members: Set<Int>, _ bytes: [UInt8]) {
    #expect(UnitProperty.set("AllowedCPUs", members).value == .bytes(bytes))
  }
}
