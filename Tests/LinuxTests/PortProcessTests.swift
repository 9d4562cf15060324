import Glibc
import TestSupport
import Testing

@testable import Linux

@Suite("The process of a port")
struct PortProcessTests {
  @Test("is found by its listening port, and not after it has closed it")
  func listening() async throws {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    let socket = Glibc.socket(AF_INET, type, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(socket, $0, length)
        _ = listen(socket, 1)
        _ = getsockname(socket, $0, &length)
      }
    }
    let port = UInt16(bigEndian: address.sin_port)
    let found = PortProcess.find(port, transport: "tcp", within: .seconds(180))
    guard case .process(let id, let name) = found else {
      Issue.record("\(String(describing: found))")
      close(socket)
      return
    }
    #expect(id == getpid() && !name.isEmpty)
    #expect(PortProcess.find(port, transport: "udp") == nil)
    close(socket)
    // A process that another test starts has the descriptor until it executes its program.
    try await eventually("nobody has the port", within: .seconds(180)) {
      PortProcess.find(port, transport: "tcp", within: .seconds(10)) == nil
    }
  }

  @Test("is looked up in the kernel's table by the local port of a listener")
  func table() {
    let text = """
        sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
         0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0 100 0 0 10 0
         1: 0100007F:1F90 0100007F:0051 01 00000000:00000000 00:00000000 00000000     0        0 999 1 0 100 0 0 10 0
      bad
      """
    #expect(PortProcess.socket(on: 80, in: text, isTCP: true)?.inode == "12345")
    #expect(PortProcess.socket(on: 80, in: text, isTCP: true)?.user == 1000)
    #expect(PortProcess.socket(on: 81, in: text, isTCP: true) == nil)
    #expect(PortProcess.socket(on: 8080, in: text, isTCP: true) == nil)
    #expect(PortProcess.socket(on: 65535, in: "", isTCP: true) == nil)
  }
}
