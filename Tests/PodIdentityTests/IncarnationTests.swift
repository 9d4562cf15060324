import Foundation
import Testing
import Linux

@testable import PodIdentity

@Suite("An incarnation")
struct IncarnationTests {
  @Test("identifies this process by PID, start time and boot")
  func current() throws {
    let own = Incarnation.current()
    #expect(own.pid == getpid())
    #expect(own.bootID?.count == 36)
    let stat = try TextFile.text("/proc/self/stat")
    #expect(own.startTime == Incarnation.parse(stat: stat)?.startTime)
    #expect(own.startTime ?? 0 > 0)
  }

  @Test("is read from a stat whose command contains spaces and parentheses")
  func oddCommand() throws {
    let fields = (3...52).map { String($0 * 10) }.joined(separator: " ")
    let parsed = try #require(Incarnation.parse(stat: "42 (a) b (c) \(fields)"))
    #expect(parsed.pid == 42)
    #expect(parsed.startTime == 220)
  }

  @Test(
    "can't be made of an invalid stat", arguments: ["", "42", "x (sh) S 1", "42 (sh) S 1"])
  func malformed(stat: String) {
    #expect(Incarnation.parse(stat: stat) == nil)
  }

  @Test("is read from a stat whose command ends in a character that combines with a parenthesis")
  func joinedParenthesis() throws {
    let fields = (3...52).map { String($0 * 10) }.joined(separator: " ")
    // ARABIC NUMBER SIGN and the following parenthesis are one character.
    #expect(Incarnation.parse(stat: "42 ()\u{600}) \(fields)")?.startTime == 220)
    #expect(Incarnation.parse(stat: "42 (a\u{600}) \(fields)")?.startTime == 220)
  }
}

@Suite("The observation of a process")
struct ProcessLookTests {
  /// Creates a directory as /proc, with this process in it if `state` isn't nil.
  private func inspect(
    state: String?, _ change: (_ directory: String) throws -> Void = { _ in }
  ) throws -> ProcessStatus? {
    let proc = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: proc) }
    let directory = "\(proc)/\(getpid())"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    if let state {
      let fields = Array(repeating: "0", count: 18) + ["7", "0"]
      try "\(getpid()) (x) \(state) \(fields.joined(separator: " "))"
        .write(toFile: directory + "/stat", atomically: false, encoding: .utf8)
    }
    try change(directory)
    return Incarnation(bootID: nil, pid: getpid(), startTime: 7).inspect(below: proc)
  }

  private func isUnreadable(_ look: ProcessStatus?) -> Bool {
    if case .unreadable = look { true } else { false }
  }

  @Test("reports no exit if only /proc lacks the process, since it may be hidden")
  func hidden() throws {
    #expect(isUnreadable(try inspect(state: nil)))
    let ended = Process()
    ended.executableURL = URL(fileURLWithPath: "/bin/true")
    try ended.run()
    ended.waitUntilExit()
    let gone = Incarnation(bootID: nil, pid: ended.processIdentifier, startTime: 7)
    #expect(gone.inspect() == .gone(.noProcess))
  }

  @Test("reports no exit if the entry in /proc can't be read")
  func unreadable() throws {
    let isDirectory = try inspect(state: nil) { directory in
      try FileManager.default.createDirectory(
        atPath: directory + "/stat", withIntermediateDirectories: false)
    }
    #expect(isUnreadable(isDirectory))
    let isNonsense = try inspect(state: nil) { directory in
      try "nonsense".write(toFile: directory + "/stat", atomically: false, encoding: .utf8)
    }
    #expect(isUnreadable(isNonsense))
  }

  @Test("treats a zombie first thread as the exit of the process only if no other thread runs")
  func threads() throws {
    func task(_ names: [String]) throws -> ProcessStatus? {
      try inspect(state: "Z") { directory in
        for name in names {
          try FileManager.default.createDirectory(
            atPath: "\(directory)/task/\(name)", withIntermediateDirectories: true)
        }
      }
    }
    #expect(try task(["42"]) == .gone(.ended))
    #expect(try task(["42", "43"]) == .alive)
    #expect(try inspect(state: "X") == .gone(.ended))
    #expect(try inspect(state: "S") == .alive)
    // As if the kernel or this program had no free descriptor.
    let refused = try inspect(state: "Z") { directory in
      try "".write(toFile: directory + "/task", atomically: false, encoding: .utf8)
    }
    #expect(isUnreadable(refused))
  }
}
