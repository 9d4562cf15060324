/// The status and the header fields of a response.
public struct HTTPHead: Sendable {
  /// The status code.
  public let status: Int
  /// The header fields in the order of arrival, with names as sent.
  public let headers: [(name: String, value: String)]

  /// Creates a head. The client creates it from the data of the server.
  public init(status: Int, headers: [(name: String, value: String)] = []) {
    self.status = status
    self.headers = headers
  }

  /// The first value of a header field. The case of the name doesn't matter.
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}

/// A complete response.
public struct HTTPResponse: Sendable {
  /// The status and the header fields.
  public let head: HTTPHead
  /// The body.
  public let body: [UInt8]
}

/// A response whose body is still arriving.
public struct HTTPStreamingResponse: Sendable {
  /// The status and the header fields.
  public let head: HTTPHead
  /// The body. Dropping it ends the transfer.
  public let body: HTTPBody
}
