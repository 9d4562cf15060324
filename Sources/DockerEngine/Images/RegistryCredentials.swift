import JSON

/// The credentials for a registry (Engine API, "AuthConfig").
package struct RegistryCredentials: Sendable, Hashable, Encodable {
  /// The user name.
  package var username: String?
  /// The password.
  package var password: String?
  /// The registry, as in `docker login`.
  package var serverAddress: String?
  /// A token from an OAuth login, in place of a password.
  package var identityToken: String?
  /// A bearer token that is sent unchanged.
  package var registryToken: String?

  /// Creates credentials: a name and a password, or a token.
  package init(
    username: String? = nil, password: String? = nil, serverAddress: String? = nil,
    identityToken: String? = nil, registryToken: String? = nil
  ) {
    self.username = username
    self.password = password
    self.serverAddress = serverAddress
    self.identityToken = identityToken
    self.registryToken = registryToken
  }

  enum CodingKeys: String, CodingKey {
    case username
    case password
    case serverAddress = "serveraddress"
    case identityToken = "identitytoken"
    case registryToken = "registrytoken"
  }

  /// The value of `X-Registry-Auth`: JSON in base64url.
  func headerValue() throws -> String {
    let text = Base64.text(of: try JSONEncoder().encode(self))
    return String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
  }
}

extension RegistryCredentials: CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// A description without secrets.
  package var description: String {
    "credentials of \(username ?? "a token") for \(serverAddress ?? "a registry")"
  }
  /// A description without secrets.
  package var debugDescription: String { description }
  /// A mirror without secrets.
  package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
