/// The status and the header fields of a response.
package struct HTTPHead: Sendable {
  /// The status code.
  package let status: Int
  /// The header fields in the order of arrival, with names as sent.
  package let headers: [(name: String, value: String)]

  /// Creates a head. The client creates it from the data of the server.
  package init(status: Int, headers: [(name: String, value: String)] = []) {
    self.status = status
    self.headers = headers
  }

  /// The first value of a header field. The case of the name doesn't matter.
  package func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}

/// A complete response.
package struct HTTPResponse: Sendable {
  /// The status and the header fields.
  package let head: HTTPHead
  /// The body.
  package let body: [UInt8]
}

/// A response whose body is still arriving.
package struct HTTPStreamingResponse: Sendable {
  /// The status and the header fields.
  package let head: HTTPHead
  /// The body. Dropping it ends the transfer.
  package let body: HTTPBody
}
