import Foundation
import Synchronization
import TestSupport

/// A session with shellinabox, as its page holds it: one request sends keys, the response to
/// another has the shell's output.
final class TerminalSession: Sendable {
  private struct Response: Decodable {
    let session: String
    let data: String
  }

  private let url: String
  private let id: String
  private let text = Mutex("")
  /// The last error of a failed request.
  private let fault = Mutex("")

  private init(_ url: String, _ response: Response) {
    self.url = url
    id = response.session
    text.withLock { $0 = response.data }
  }

  /// Opens the page's session at a port of this host, calls `body` with it, and closes it.
  static func open(at port: Int, _ body: (TerminalSession) async throws -> Void) async throws {
    let url = "https://127.0.0.1:\(port)/"
    let response = try await ask(url, ["rooturl=\(url)"])
    let session = TerminalSession(url, response)
    try await withThrowingTaskGroup { group in
      group.addTask { try await session.listen() }
      try await body(session)
      group.cancelAll()
    }
  }

  /// Opens a session, logs in, and calls `body` with the session. `login` discards input between
  /// its prompt and its reading, and nothing indicates the end of that time: a failed attempt is
  /// followed by one in a new session, so that no attempt's keys reach another.
  ///
  /// - Throws: `DeadlinePassed`, `CommandFailed`, and the errors of `body`.
  static func logIn(
    at port: Int, as user: String, with password: String, until words: String,
    _ body: (TerminalSession) async throws -> Void = { _ in }
  ) async throws {
    let attempts = 6
    for attempt in 1...attempts {
      var answered = true
      try await open(at: port) { terminal in
        try await terminal.type("", until: "login: ")
        try await terminal.type(user + "\r", until: "Password: ")
        do {
          try await terminal.type(password + "\r", within: .seconds(5 * attempt), until: words)
        } catch  where attempt < attempts {
          answered = false
          return
        }
        try await body(terminal)
      }
      if answered { return }
    }
  }

  /// All output of the shell.
  var screen: String { text.withLock { $0 } }

  /// Types, and waits until new output contains all the texts.
  ///
  /// - Parameters:
  ///   - keys: the typed keys.
  ///   - limit: the longest wait.
  ///   - words: the expected texts.
  /// - Returns: the new output.
  /// - Throws: `DeadlinePassed`, `CommandFailed`.
  @discardableResult
  func type(
    _ keys: String, within limit: Duration = .seconds(180), until words: String...
  ) async throws -> String {
    let before = keys.isEmpty ? 0 : screen.utf8.count
    if !keys.isEmpty {
      let hex = keys.utf8.map { String(format: "%02X", $0) }.joined()
      try await Self.post(url, ["session=\(id)", "keys=\(hex)"])
    }
    return try await eventually(
      "\(words) after “\(keys)”: \(screen) \(fault.withLock { $0 })", within: limit
    ) {
      let new = String(decoding: screen.utf8.dropFirst(before), as: UTF8.self)
      return words.allSatisfy(new.contains) ? new : nil
    }
  }

  private func listen() async throws {
    while !Task.isCancelled {
      do {
        let response = try await Self.ask(url, ["session=\(id)"])
        text.withLock { $0 += response.data }
      } catch {
        // The session's end, or an invalid response: the next one decides.
        fault.withLock { $0 = "\(error)" }
        try? await Task.sleep(for: .milliseconds(100))
      }
    }
  }

  private static func ask(_ url: String, _ fields: [String]) async throws -> Response {
    try JSONDecoder().decode(Response.self, from: Data(try await post(url, fields).utf8))
  }

  @discardableResult
  private static func post(_ url: String, _ fields: [String]) async throws -> String {
    let all = ["width=160", "height=60"] + fields
    return try await Command(
      "curl",
      ["-skf", "--noproxy", "*", "-m", "50"] + all.flatMap { ["--data-urlencode", $0] } + [url]
    ).output()
  }
}
