import Foundation
import Synchronization
import TestSupport

/// Host ports that no other test uses.
enum FreePorts {
  private static let given = Mutex(Set<Int>())
  /// Below the ports that the kernel assigns to sockets (32768 to 60999), one of which could get a
  /// port before its use, and without the ports in files of tests.
  private static let range = 22_000..<31_000

  /// This number of TCP ports that nothing listens on.
  ///
  /// - Throws: `POSIXError` if there are none left.
  static func take(_ count: Int) throws -> [Int] {
    var ports: [Int] = []
    for _ in 0..<100_000 where ports.count < count {
      let port = Int.random(in: range)
      if given.withLock({ $0.insert(port).inserted }),
        (try? ListeningSocket(address: "0.0.0.0", port: port)) != nil
      {
        ports.append(port)
      }
    }
    guard ports.count == count else { throw POSIXError(.EADDRINUSE) }
    return ports
  }

  /// Three ports as Marathon offers them, in no order: 31890, 31000 and 31001 for the first caller,
  /// if they are free.
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

/// A socket that listens on a port of the loopback interface, or of all, until it is released.
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

/// Requests a page from this host, repeatedly until it succeeds or the deadline passes.
func page(
  at port: Int, path: String = "/", within: Duration = .seconds(180)
) async throws -> String {
  try await eventually("a page at port \(port)", within: within) {
    let result = try await Command(
      "curl", ["-sf", "--noproxy", "*", "-m", "120", "http://127.0.0.1:\(port)\(path)"]
    ).run()
    return result.status.isSuccess ? result.stdout : nil
  }
}
