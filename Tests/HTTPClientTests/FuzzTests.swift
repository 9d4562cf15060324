import TestSupport
import Testing

@testable import HTTPClient

@Suite("Mutated input from a server causes no trap", .timeLimit(.minutes(60)))
struct FuzzTests {
  @Test("heads of HTTP responses are parsed, whatever their lines contain")
  func heads() async {
    let heads = [
      "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nHTTP/1.1 -5: x\r\n\r\n",
      "HTTP/1.1 99999999999 X\r\nDate: Sun, 22 Nov 2026 11:12:47 GMT\r\n: \r\n\t a:b\r\n\r\n",
    ]
    let report = await Fuzz.drive("HTTP heads", texts: heads, words: ["HTTP/1.1 ", ": "]) { text in
      var parser = HeadParser()
      var head: HTTPHead?
      for line in Array(text.utf8).split(separator: 10, omittingEmptySubsequences: false) {
        (line + [10]).withUnsafeBytes { head = parser.take($0, status: 200) ?? head }
      }
      return head != nil
    }
    #expect(report.isSound, "\(report)")
  }
}
