import Logging
import TestSupport
import Testing

@testable import Reaper

@Suite("systemd's journal")
struct JournalTests {
  @Test("a line comes with its priority and its fields; a value of several lines keeps them")
  func entry() async throws {
    try await withTemporaryFolder { folder in
      let socket = try DatagramSocket(at: folder.path("journal.sock"))
      let handler = StructuredLog(
        logLevel: .info, isJSON: false,
        journal: SystemdJournal(path: folder.path("journal.sock")))
      let log = Logger(label: "test") { _ in handler }
      log.error("not removed", metadata: ["run": "r.1", "why": "a\nb"])
      let entry = try #require(socket.texts().first)
      #expect(entry.hasPrefix("MESSAGE\n"), "\(entry)")
      #expect(entry.contains("\nPRIORITY=3\n"))
      #expect(entry.contains("\nSYSLOG_IDENTIFIER=pod-reaper\n"))
      #expect(entry.contains("\nPOD_RUN=r.1\n"))
      #expect(entry.hasSuffix("\nPOD_WHY\n\u{3}\0\0\0\0\0\0\0a\nb\n"))
    }
  }

  @Test("a journal that is away takes nothing, and standard error elsewhere is no journal")
  func away() {
    #expect(!SystemdJournal(path: "/nowhere/journal.sock").send("a line", .notice, []))
    #expect(SystemdJournal(environment: [:]) == nil)
    #expect(SystemdJournal(environment: ["JOURNAL_STREAM": "0:0"]) == nil)
  }
}
