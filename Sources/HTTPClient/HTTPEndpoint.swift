/// The address of a server, and how to connect to it.
package struct HTTPEndpoint: Sendable, Hashable {
  /// The transport below HTTP.
  package enum Transport: Sendable, Hashable {
    /// A Unix domain socket at this absolute path.
    case unix(path: String)
    /// A TCP port. The host is a name or an address (IPv6 without brackets).
    case tcp(host: String, port: Int)
  }

  /// The transport.
  package let transport: Transport
  /// The files for TLS over a TCP socket. Nil is plain HTTP.
  package let tls: TLSFiles?
  /// Whether a TCP connection uses `http_proxy`, `https_proxy` and `no_proxy`. A Unix socket never
  /// does.
  package let usesEnvironmentProxy: Bool

  /// Creates an endpoint. Default: no TLS and no proxy.
  package init(transport: Transport, tls: TLSFiles? = nil, usesEnvironmentProxy: Bool = false) {
    self.transport = transport
    self.tls = tls
    self.usesEnvironmentProxy = usesEnvironmentProxy
  }

  /// The scheme and authority of a URL at this endpoint.
  var origin: String {
    switch transport {
    case .unix: return "http://localhost"
    case .tcp(let host, let port):
      let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
      return "\(tls == nil ? "http" : "https")://\(name):\(port)"
    }
  }
}

extension HTTPEndpoint: CustomStringConvertible {
  /// The endpoint in the notation of users: `unix:///run/docker.sock` or `http://10.0.0.1:2375`.
  package var description: String {
    if case .unix(let path) = transport { return "unix://\(path)" }
    return origin
  }
}

/// The PEM files of a TLS connection. Without `authorities`, the system's list is used. Without
/// `certificate`, the client sends none.
package struct TLSFiles: Sendable, Hashable {
  /// The certificates of the trusted authorities.
  package let authorities: String?
  /// The client's certificate.
  package let certificate: String?
  /// The key of the client's certificate.
  package let key: String?
  /// Whether the client verifies the server's certificate and name.
  package let verifiesServer: Bool

  /// Creates a set of file paths. By default the client verifies the server.
  package init(
    authorities: String? = nil, certificate: String? = nil, key: String? = nil,
    verifiesServer: Bool = true
  ) {
    self.authorities = authorities
    self.certificate = certificate
    self.key = key
    self.verifiesServer = verifiesServer
  }
}
