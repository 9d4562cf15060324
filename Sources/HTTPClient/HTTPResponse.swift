/// Status and header fields of an answer.
public struct HTTPHead: Sendable {
  /// The status code.
  public let status: Int
  /// Header fields in the order they came, names as sent.
  public let headers: [(name: String, value: String)]

  /// A head; the client makes them from what a server sends.
  public init(status: Int, headers: [(name: String, value: String)] = []) {
    self.status = status
    self.headers = headers
  }

  /// The first value of a header field, its name in any case.
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}

/// A whole answer.
public struct HTTPResponse: Sendable {
  /// Status and header fields.
  public let head: HTTPHead
  /// The body.
  public let body: [UInt8]
}

/// An answer whose body is still coming.
public struct HTTPStreamingResponse: Sendable {
  /// Status and header fields.
  public let head: HTTPHead
  /// The body; dropping it ends the transfer.
  public let body: HTTPBody
}
