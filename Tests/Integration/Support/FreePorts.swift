import Foundation
import Synchronization
import TestSupport

/// Host ports that no other test has got.
enum FreePorts {
  private static let given = Mutex(Set<Int>())

  /// So many ports that nothing listens on, in tcp.
  static func take(_ count: Int) throws -> [Int] {
    var ports: [Int] = []
    while ports.count < count {
      let socket = try ListeningSocket()
      if given.withLock({ $0.insert(socket.port).inserted }) { ports.append(socket.port) }
    }
    return ports
  }

  /// Three ports as Marathon offers them, neither sorted nor the reverse: 31890, 31000 and 31001 for the first who
  /// asks, if they are free.
  static func unsorted() throws -> [Int] {
    let known = [31890, 31000, 31001]
    if given.withLock({ $0.insert(known[0]).inserted }),
      (try? known.map { try ListeningSocket(address: "0.0.0.0", port: $0) }) != nil
    {
      return known
    }
    let ports = try take(3).sorted()
    return [ports[2], ports[0], ports[1]]
  }
}

/// A socket that listens on a port of the loopback interface, or of all, until it is let go of.
final class ListeningSocket: Sendable {
  let number: Int32
  let port: Int

  init(address: String = "127.0.0.1", port wanted: Int = 0) throws {
    let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    self.number = number
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = inet_addr(address)
    name.sin_port = in_port_t(wanted).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, size) }
    }
    guard bound == 0, listen(number, 64) == 0 else {
      close(number)
      throw POSIXError(.EADDRINUSE)
    }
    var length = size
    _ = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &length) }
    }
    port = Int(UInt16(bigEndian: name.sin_port))
  }

  deinit {
    shutdown(number, Int32(SHUT_RDWR))
    close(number)
  }
}

/// Takes the next connection, which no process started meanwhile inherits; negative when the socket is closed.
func acceptConnection(on socket: Int32) -> Int32 {
  let connection = accept(socket, nil, nil)
  if connection >= 0 { _ = fcntl(connection, F_SETFD, FD_CLOEXEC) }
  return connection
}

/// A registry on the loopback interface that isn't one: it never answers, or has nothing.
final class FalseRegistry: Sendable {
  /// What it does with a request.
  enum Manner: Sendable {
    /// Takes connections and never says a word.
    case stalls
    /// Is a registry, and has no image.
    case hasNothing
    /// Is a registry, and gives nothing away.
    case denies
  }

  private let socket: ListeningSocket
  private let connections = Mutex<[Int32]>([])
  private let asked = Mutex(0)

  /// Starts to listen.
  init(_ manner: Manner) throws {
    socket = try ListeningSocket()
    let listening = socket.number
    Thread.detachNewThread { [weak self] in
      while true {
        let connection = acceptConnection(on: listening)
        guard connection >= 0 else { return }
        guard let self else {
          close(connection)
          return
        }
        self.asked.withLock { $0 += 1 }
        switch manner {
        case .stalls: self.connections.withLock { $0.append(connection) }
        case .hasNothing, .denies:
          Thread.detachNewThread { Self.answer(connection, manner) }
        }
      }
    }
  }

  deinit {
    for connection in connections.withLock({ $0 }) { close(connection) }
  }

  /// How many connections came.
  var requests: Int { asked.withLock { $0 } }

  /// The name of an image that this registry is asked for.
  func image(_ name: String) -> String { "127.0.0.1:\(socket.port)/\(name)" }

  private static func answer(_ connection: Int32, _ manner: Manner) {
    defer { close(connection) }
    var buffer = [UInt8](repeating: 0, count: 8192)
    while true {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      let request = String(decoding: buffer[..<count], as: UTF8.self)
      let isPing = request.hasPrefix("GET /v2/ ")
      let body =
        isPing
        ? "{}"
        : manner == .denies
          ? #"{"errors":[{"code":"DENIED","message":"access is denied"}]}"#
          : #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#
      // Docker tries TLS first, and takes a 400 for the word that there is none.
      let isHTTP = request.hasPrefix("GET") || request.hasPrefix("HEAD")
      let refusal = manner == .denies ? "403 Forbidden" : "404 Not Found"
      let status = isPing ? "200 OK" : isHTTP ? refusal : "400 Bad Request"
      let answer =
        "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\n"
        + "Docker-Distribution-Api-Version: registry/2.0\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        + (request.hasPrefix("HEAD") ? "" : body)
      let bytes = Array(answer.utf8)
      if send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0 { return }
      if status.hasPrefix("400") { return }
    }
  }
}

/// Fetches a page from this host, as often as it takes within a deadline.
func page(
  at port: Int, path: String = "/", within: Duration = .seconds(30)
) async throws -> String {
  try await eventually("a page at port \(port)", within: within) {
    let result = try await Command(
      "curl", ["-sf", "--noproxy", "*", "-m", "5", "http://127.0.0.1:\(port)\(path)"]
    ).run()
    return result.status.isSuccess ? result.stdout : nil
  }
}
