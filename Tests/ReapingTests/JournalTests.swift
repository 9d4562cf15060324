import Logging
import TestSupport
import Testing

@testable import Reaping

@Suite("systemd's journal")
struct JournalTests {
  @Test("gets a line with its priority and its fields, without control characters")
  func entry() async throws {
    let entry = try await entry { journal in
      let handler = StructuredLog(logLevel: .info, isJSON: false, journal: journal)
      let log = Logger(label: "test") { _ in handler }
      log.error("not removed", metadata: ["run": "r.1", "why": "a\nb"])
    }
    #expect(entry.hasPrefix("MESSAGE=not removed run=r.1 why=a\u{fffd}b\n"), "\(entry)")
    #expect(entry.contains("\nPRIORITY=3\n"))
    #expect(entry.contains("\nSYSLOG_IDENTIFIER=pod-reaper\n"))
    #expect(entry.contains("\nPOD_RUN=r.1\n"))
    #expect(entry.hasSuffix("\nPOD_WHY=a\u{fffd}b\n"))
  }

  @Test("gets a value of several lines as one value")
  func lines() async throws {
    let entry = try await entry { #expect($0.send("a line", .info, [("why", "a\nPRIORITY=0")])) }
    #expect(entry.hasSuffix("\nPOD_WHY\n\u{c}\0\0\0\0\0\0\0a\nPRIORITY=0\n"), "\(entry)")
  }

  /// The entry sent to the journal.
  private func entry(_ send: (SystemdJournal) throws -> Void) async throws -> String {
    try await withTemporaryDirectory { directory in
      let socket = try DatagramSocket(at: directory.path("journal.sock"))
      try send(SystemdJournal(path: directory.path("journal.sock")))
      return try #require(socket.texts().first)
    }
  }

  @Test("accepts nothing if it is unavailable, and other standard errors aren't a journal")
  func away() {
    #expect(!SystemdJournal(path: "/nowhere/journal.sock").send("a line", .notice, []))
    #expect(SystemdJournal(environment: [:]) == nil)
    #expect(SystemdJournal(environment: ["JOURNAL_STREAM": "0:0"]) == nil)
  }
}
