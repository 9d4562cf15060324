import Foundation
import TestSupport

extension AgentStandIn {
  /// Handles a call and sends the response, with the faults of a connection.
  ///
  /// - Returns: Whether the connection stays open.
  func serve(_ request: ServerRequest, on connection: ServerConnection) -> Bool {
    let wait = faults.use { $0.wait() }
    if wait > 0 { usleep(wait) }
    if faults.use({ $0.happens($0.faults.closeBeforeCall) }) { return leave(connection) }
    let response = response(request)
    if faults.use({ $0.happens($0.faults.closeBeforeResponse) }) {
      response.stream?.abandon()
      return leave(connection)
    }
    guard connection.write(response.bytes) else {
      response.stream?.abandon()
      return false
    }
    if let stream = response.stream {
      stream.serve(connection)
      return false
    }
    if faults.use({ $0.happens($0.faults.closeAfterResponse) }) { return leave(connection) }
    return request.headers["connection"]?.lowercased() != "close"
  }

  /// Closes or resets the connection.
  private func leave(_ connection: ServerConnection) -> Bool {
    if faults.use({ $0.happens($0.faults.reset) }) { connection.reset() }
    return false
  }
}

extension EventStream {
  /// Writes events until the stream or the connection ends.
  fileprivate func serve(_ connection: ServerConnection) {
    let writerEnded = DispatchSemaphore(value: 0)
    Thread.detachNewThread { [self] in
      write(to: connection)
      writerEnded.signal()
    }
    // An executor never writes on this connection after its SUBSCRIBE. Reading only detects that
    // the executor has closed it.
    connection.discard()
    abandon()
    connection.end()
    writerEnded.wait()
  }
}
