/// Where a server listens, and how to speak to it.
public struct HTTPEndpoint: Sendable, Hashable {
  /// The socket below HTTP.
  public enum Transport: Sendable, Hashable {
    /// A Unix domain socket at this absolute path.
    case unix(path: String)
    /// A TCP port; the host is a name or an address (IPv6 without brackets).
    case tcp(host: String, port: Int)
  }

  /// The socket.
  public let transport: Transport
  /// TLS over a TCP socket; nil is plain HTTP.
  public let tls: TLSFiles?
  /// Whether a TCP connection honours `http_proxy`, `https_proxy` and `no_proxy`. Never for a Unix socket.
  public let usesEnvironmentProxy: Bool

  /// An endpoint; no proxy unless asked for.
  public init(transport: Transport, tls: TLSFiles? = nil, usesEnvironmentProxy: Bool = false) {
    self.transport = transport
    self.tls = tls
    self.usesEnvironmentProxy = usesEnvironmentProxy
  }

  /// Scheme and authority of a URL at this endpoint.
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
  /// The endpoint as a user writes it: `unix:///run/docker.sock`, `http://10.0.0.1:2375`.
  public var description: String {
    if case .unix(let path) = transport { return "unix://\(path)" }
    return origin
  }
}

/// The PEM files of a TLS connection. What is nil is the system's: its list of authorities, no client certificate.
public struct TLSFiles: Sendable, Hashable {
  /// Certificates of the authorities to trust.
  public let authorities: String?
  /// The client's certificate.
  public let certificate: String?
  /// The key of the client's certificate.
  public let key: String?
  /// Whether the server's certificate and name are checked.
  public let verifiesServer: Bool

  /// File paths; the server is verified unless told otherwise.
  public init(
    authorities: String? = nil, certificate: String? = nil, key: String? = nil,
    verifiesServer: Bool = true
  ) {
    self.authorities = authorities
    self.certificate = certificate
    self.key = key
    self.verifiesServer = verifiesServer
  }
}
