import Settings

/// The address that serves metrics: a unix socket, or a port of the loopback interface.
enum ListenAddress: Sendable, Equatable {
  case unix(path: String)
  case loopback(port: UInt16)

  /// Parses `/path`, `unix:///path`, `127.0.0.1:PORT` or `:PORT`.
  ///
  /// - Throws: `ConfigurationError` for anything else: metrics are not served to the network.
  init(_ text: String, location: String) throws(ConfigurationError) {
    let path = text.hasPrefix("unix://") ? String(text.dropFirst("unix://".count)) : text
    if path.hasPrefix("/"), path.utf8.count < 108 {
      self = .unix(path: path)
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, ["", "127.0.0.1", "localhost"].contains(parts[0]),
      let port = UInt16(parts[1])
    else {
      throw ConfigurationError(
        description: "\(location) takes a socket's path or 127.0.0.1:PORT, not '\(text)'")
    }
    self = .loopback(port: port)
  }
}
