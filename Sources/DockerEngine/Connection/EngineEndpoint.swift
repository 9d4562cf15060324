import Glibc
import HTTPClient

/// The address at which a Docker Engine listens.
package struct EngineEndpoint: Sendable, Equatable, CustomStringConvertible {
  let http: HTTPEndpoint

  /// Creates the endpoint of an engine on a Unix socket.
  package static func unix(path: String) -> EngineEndpoint {
    EngineEndpoint(http: HTTPEndpoint(transport: .unix(path: path)))
  }

  /// Whether the engine is on this host, behind a Unix socket.
  package var isLocal: Bool { socketPath != nil }

  /// The path of the Unix socket. Nil for TCP.
  package var socketPath: String? {
    if case .unix(let path) = http.transport { return path }
    return nil
  }

  /// The format of DOCKER_HOST. A TCP endpoint begins with `http://` or `https://`.
  package var description: String { http.description }

  /// The key under `proxies` in the docker command's configuration: `unix:///path` or
  /// `tcp://host:port`.
  package var daemonHost: String {
    guard !isLocal, let mark = description.firstRange(of: "://") else { return description }
    return "tcp://" + description[mark.upperBound...]
  }

  /// The endpoint that the docker command would use without a context.
  ///
  /// `DOCKER_HOST` is `unix:///path`, `tcp://host[:port]`, `http://…` or `https://…`. If it is
  /// unset or empty, the endpoint is `unix:///var/run/docker.sock`. A `DOCKER_TLS_VERIFY` that is
  /// not empty enables TLS, with `ca.pem`, `cert.pem` and `key.pem` from `DOCKER_CERT_PATH`
  /// (default: `~/.docker`). The default port is 2375, or 2376 with TLS.
  /// - Throws: `EngineError` of kind `configuration`, naming the variable.
  package static func from(environment: [String: String]) throws -> EngineEndpoint {
    let host = environment["DOCKER_HOST"] ?? ""
    if host.isEmpty { return .unix(path: "/var/run/docker.sock") }
    guard let mark = host.firstRange(of: "://") else {
      throw configuration("DOCKER_HOST=\(host): expected unix:///path or tcp://host:port")
    }
    let scheme = String(host[..<mark.lowerBound])
    let rest = String(host[mark.upperBound...])
    switch scheme {
    case "unix":
      guard rest.hasPrefix("/") else {
        throw configuration("DOCKER_HOST=\(host): the socket's path must be absolute, unix:///path")
      }
      guard rest.utf8.count < 108 else {
        throw configuration("DOCKER_HOST=\(host): a socket's path has at most 107 bytes")
      }
      return .unix(path: rest)
    case "tcp", "http", "https":
      let tls = try tlsFiles(scheme: scheme, host: host, environment)
      let (name, port) = try address(rest, of: host, defaultPort: tls == nil ? 2375 : 2376)
      return EngineEndpoint(
        http: HTTPEndpoint(
          transport: .tcp(host: name, port: port), tls: tls, usesEnvironmentProxy: true))
    default:
      throw configuration(
        "DOCKER_HOST=\(host): \(scheme):// is not supported, use unix:// or tcp://")
    }
  }

  private static func tlsFiles(
    scheme: String, host: String, _ environment: [String: String]
  ) throws -> TLSFiles? {
    let isVerified = !(environment["DOCKER_TLS_VERIFY"] ?? "").isEmpty
    let directory = environment["DOCKER_CERT_PATH"].flatMap { $0.isEmpty ? nil : $0 }
    guard isVerified else {
      guard scheme == "https" else { return nil }
      guard let directory else { return TLSFiles() }
      return try tlsFiles(in: directory)
    }
    guard scheme != "http" else {
      throw configuration("DOCKER_HOST=\(host): DOCKER_TLS_VERIFY is set, use tcp:// or https://")
    }
    if let directory { return try tlsFiles(in: directory) }
    guard let home = environment["HOME"], !home.isEmpty else {
      throw configuration("DOCKER_TLS_VERIFY is set, but neither DOCKER_CERT_PATH nor HOME is")
    }
    return try tlsFiles(in: home + "/.docker")
  }

  private static func tlsFiles(in directory: String) throws -> TLSFiles {
    func readable(_ name: String) throws -> String {
      let path = directory + "/" + name
      guard access(path, R_OK) == 0 else {
        throw configuration(
          "DOCKER_CERT_PATH: cannot read \(path): \(String(cString: strerror(errno)))")
      }
      return path
    }
    return TLSFiles(
      authorities: try readable("ca.pem"), certificate: try readable("cert.pem"),
      key: try readable("key.pem"))
  }

  private static func address(
    _ rest: String, of host: String, defaultPort: Int
  ) throws -> (name: String, port: Int) {
    var text = rest[...]
    if text.hasSuffix("/") { text = text.dropLast() }
    var port = defaultPort
    let isBracketed = text.hasPrefix("[")
    if let colon = text.lastIndex(of: ":"), text[colon...].firstIndex(of: "]") == nil {
      guard let number = Int(text[text.index(after: colon)...]), 1...65535 ~= number else {
        throw configuration("DOCKER_HOST=\(host): the port must be 1 to 65535")
      }
      port = number
      text = text[..<colon]
    }
    if isBracketed, text.hasSuffix("]") { text = text.dropFirst().dropLast() }
    let isName = text.utf8.allSatisfy { byte in
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      case UInt8(ascii: ":"), UInt8(ascii: "%"): isBracketed
      default: false
      }
    }
    guard !text.isEmpty, isName else {
      throw configuration("DOCKER_HOST=\(host): expected host:port, without a path")
    }
    return (String(text), port)
  }

  private static func configuration(_ message: String) -> EngineError {
    EngineError(kind: .configuration, message: message)
  }
}
