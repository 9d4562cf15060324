import CNames
import Glibc
import HTTPClient

/// The address of the executor API.
struct AgentAddress {
  let endpoint: HTTPEndpoint
  let path: String
}

extension VariableReader {
  /// The domain socket if there is one (1.10 and later), else the TCP endpoint, with TLS if
  /// libprocess uses it.
  mutating func agent(_ nameOfAddress: (String) -> String?) -> AgentAddress? {
    if let socket = optional("MESOS_DOMAIN_SOCKET") { return domainSocket(socket) }
    let name = optional("MESOS_AGENT_ENDPOINT") == nil ? "MESOS_SLAVE_PID" : "MESOS_AGENT_ENDPOINT"
    guard let text = optional(name) else {
      problems.append("MESOS_AGENT_ENDPOINT is not set")
      return nil
    }
    let address = text.split(separator: "@").last.map(String.init) ?? text
    guard let (host, port) = Self.hostAndPort(address) else {
      problems.append("\(name) is “\(text)”: not an address and a port")
      return nil
    }
    let tls = tls()
    var server = host
    // libprocess compares the certificate with the name of the address, unless it is set to compare
    // IP addresses.
    if tls?.verifiesServer == true, !flag(tlsName("VERIFY_IPADD")) {
      server = nameOfAddress(host) ?? host
    }
    return AgentAddress(
      endpoint: HTTPEndpoint(transport: .tcp(host: server, port: port), tls: tls),
      path: "/api/v1/executor")
  }

  /// The socket responds only to paths with the agent's libprocess name, the part of its PID before
  /// the `@`.
  private mutating func domainSocket(_ socket: String) -> AgentAddress? {
    let maximum = MemoryLayout<sockaddr_un>.size - MemoryLayout<sa_family_t>.size - 1
    if socket.utf8.count > maximum {
      problems.append("MESOS_DOMAIN_SOCKET is longer than the \(maximum) bytes of a socket's path")
      return nil
    }
    let pid = required("MESOS_SLAVE_PID")
    guard let at = pid.firstIndex(of: "@"), at > pid.startIndex else {
      if !pid.isEmpty { problems.append("MESOS_SLAVE_PID is “\(pid)”: not name@address:port") }
      return nil
    }
    return AgentAddress(
      endpoint: HTTPEndpoint(transport: .unix(path: socket)),
      path: "/\(pid[..<at])/api/v1/executor")
  }

  private mutating func tls() -> TLSFiles? {
    guard flag(tlsName("ENABLED")) else { return nil }
    // Each of these settings makes a libprocess client verify the server (Mesos, docs/ssl.md).
    let isVerifying = ["VERIFY_SERVER_CERT", "VERIFY_CERT", "REQUIRE_CERT"].map {
      flag(tlsName($0))
    }
    let authorities = optional(tlsName("CA_FILE"))
    if isVerifying.contains(true), authorities == nil, optional(tlsName("CA_DIR")) != nil {
      problems.append(
        "\(tlsName("CA_DIR")) can't be used: name one file in LIBPROCESS_SSL_CA_FILE instead")
    }
    return TLSFiles(
      authorities: authorities, certificate: optional(tlsName("CERT_FILE")),
      key: optional(tlsName("KEY_FILE")), verifiesServer: isVerifying.contains(true))
  }

  /// Parses `10.0.0.1:5051` or `[fd00::1]:5051`.
  private static func hostAndPort(_ text: String) -> (String, Int)? {
    guard let colon = text.lastIndex(of: ":"),
      let port = Int(text[text.index(after: colon)...]), 1...65535 ~= port
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return host.isEmpty ? nil : (String(host), port)
  }
}

/// The host name of an IPv4 or IPv6 address; nil if it has none. It queries the name servers and
/// blocks until they respond.
package func hostName(of address: String) -> String? {
  var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
  guard names_of_address(address, &name, name.count) == 0 else { return nil }
  return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
