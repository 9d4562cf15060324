import Foundation
import Linux
import PodIdentity
import TestSupport
import Testing

@testable import PodControl

/// A client that can violate the protocol.
final class RawClient: Sendable {
  let file: Int32

  init(_ socket: ControlSocket) throws {
    file = try #require(UnixSocket.connect(socket.path))
    UnixSocket.limit(file, SO_RCVTIMEO, to: .seconds(120))
  }

  deinit { close(file) }

  func send(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  /// All text until the server closes the connection.
  func rest() async -> String {
    let text = try? await onThread { [file] in
      var bytes: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = read(file, &chunk, chunk.count)
        if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += chunk[..<count]
      }
    }
    return text ?? ""
  }
}

/// Calls a test with a server that responds with one status.
func withServer(
  group: gid_t? = nil, limits: ControlServer.Limits = .patient,
  _ body: (ControlServer) async throws -> Void
) async throws {
  try await withServer(group: group, limits: limits, handling: sampleHandler, body)
}

/// Calls a test with a server in a directory of its own.
func withServer(
  group: gid_t? = nil, limits: ControlServer.Limits = .patient,
  handling handle: @escaping ControlServer.Handler,
  _ body: (ControlServer) async throws -> Void
) async throws {
  try await withTemporaryDirectory { directory in
    let socket = ControlSocket(
      run: "run-1", incarnation: .current(), directory: directory.path("control"))
    let server = try ControlServer(socket, group: group, limits: limits, handle: handle)
    do { try await body(server) } catch {
      await server.stop()
      throw error
    }
    await server.stop()
    #expect(access(socket.path, F_OK) != 0)
  }
}

/// Responds with one status.
let sampleHandler: ControlServer.Handler = { request, reply in
  await reply.send(ControlResponse(status: sampleStatus))
}

let sampleStatus = PodStatus(
  task: "web.1", run: "run-1", state: .running, message: "", cpus: 1, memory: 1 << 20,
  sandbox: "/s", services: [], ports: [])

extension ControlServer.Limits {
  /// A busy machine may need more than ten seconds for a request.
  static var patient: Self {
    var limits = Self()
    limits.patience = .seconds(120)
    return limits
  }
}
