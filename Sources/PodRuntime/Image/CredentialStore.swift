import Compose
import DockerEngine
import JSON
import Linux
import Logging

/// Finds the credentials for a registry as the docker command does: in `auths`, `credHelpers` and
/// `credsStore` of the first configuration file that has any.
struct CredentialStore: Sendable {
  let configuration: DockerConfiguration
  let environment: [String: String]
  let log: Logger
  let policy: PodPolicy
  let programs: HostPrograms

  /// Creates a store that searches the directories in the environment.
  ///
  /// - Parameters:
  ///   - projectDirectory: the directory of the Compose file.
  ///   - environment: has HOME and DOCKER_CONFIG, PATH for the helpers, and under Mesos the
  ///     sandbox.
  ///   - policy: whether helpers that the task names may run.
  ///   - programPath: the operator's directories of programs; nil for none.
  ///   - log: receives faults of configuration files.
  init(
    projectDirectory: String, environment: [String: String],
    policy: PodPolicy = .unrestricted, programPath: [String]? = nil, log: Logger
  ) {
    configuration = DockerConfiguration(
      projectDirectory: projectDirectory, environment: environment)
    self.environment = environment
    self.log = log
    self.policy = policy
    programs = HostPrograms(
      policy: policy, path: programPath, taskDirectories: configuration.taskDirectories)
  }

  /// The credentials for an image's registry; nil if no file has any.
  func credentials(for image: String) async -> RegistryCredentials? {
    let registry = Self.registry(of: image)
    for file in configuration.read(warn: { log.warning("\($0)") }) {
      do {
        var config = try JSONDecoder().decode(ConfigFile.self, from: Array(file.text.utf8))
        if file.isTasks, !policy.allows(.hooks) {
          if config.credsStore != nil || config.credHelpers?.isEmpty == false {
            log.warning(
              "the credential helpers that \(file.path) names are not run on this host (operator's file, allow: hooks)"
            )
          }
          config.credsStore = nil
          config.credHelpers = nil
        }
        if let found = try await credentials(for: registry, in: config) { return found }
      } catch {
        log.warning(
          "credentials for \(registry) in \(file.path) can't be used: \(Self.text(error))")
      }
    }
    return nil
  }

  /// The registry of an image's name: the part before the first slash, if it has the form of a
  /// host.
  static func registry(of image: String) -> String {
    let parts = image.split(separator: "/", maxSplits: 1)
    if parts.count == 2, let first = parts.first,
      first.contains(".") || first.contains(":") || first == "localhost"
    {
      return String(first)
    }
    return "docker.io"
  }

  private func credentials(
    for registry: String, in config: ConfigFile
  ) async throws -> RegistryCredentials? {
    let names = registry == "docker.io" ? ["docker.io", "index.docker.io"] : [registry]
    let helper = config.credHelpers?.first { names.contains(Self.host($0.key)) }?.value
    let server = registry == "docker.io" ? "https://index.docker.io/v1/" : registry
    if let helper = helper ?? config.credsStore {
      if let found = try await ask(helper, for: server) { return found }
    }
    guard let entry = config.auths?.first(where: { names.contains(Self.host($0.key)) })?.value
    else {
      return nil
    }
    return try entry.credentials(server: server)
  }

  /// The host of a key of `auths`, which may be a URL.
  private static func host(_ key: String) -> String {
    var rest = key[...]
    for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) {
      rest = rest.dropFirst(scheme.count)
    }
    return String(rest.prefix { $0 != "/" })
  }

  /// Runs `docker-credential-HELPER get`, as the docker command does.
  private func ask(_ helper: String, for server: String) async throws -> RegistryCredentials? {
    let isPlain = helper.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) }
    guard isPlain else {
      throw Fault(message: "'\(helper)' is not a valid name of a credential helper")
    }
    guard let path = programs.find("docker-credential-\(helper)") else {
      throw Fault(message: "docker-credential-\(helper) is in no program directory")
    }
    let program = SupervisedProcess(
      path, ["get"], environment: programs.environment(environment),
      directory: programs.isRestricted ? "/" : ".")
    let (ending, output, _) = try await program.texts(input: server)
    // A helper that doesn't know the server exits with an error.
    guard ending == .exited(0) else { return nil }
    let response = try JSONDecoder().decode(Response.self, from: Array(output.utf8))
    if response.username == "<token>" {
      return RegistryCredentials(serverAddress: server, identityToken: response.secret)
    }
    return RegistryCredentials(
      username: response.username, password: response.secret, serverAddress: server)
  }

  private struct Fault: Error {
    let message: String
  }

  private static func text(_ error: any Error) -> String {
    switch error {
    case let fault as Fault: fault.message
    case is DecodingError: "not a docker config file in JSON"
    default: "\(error)"
    }
  }

  private struct ConfigFile: Decodable {
    var auths: [String: Entry]?
    var credHelpers: [String: String]?
    var credsStore: String?
  }

  private struct Entry: Decodable {
    var auth: String?
    var username: String?
    var password: String?
    var identitytoken: String?
    var registrytoken: String?

    func credentials(server: String) throws -> RegistryCredentials? {
      var result = RegistryCredentials(
        username: username, password: password, serverAddress: server,
        identityToken: identitytoken, registryToken: registrytoken)
      if let auth, !auth.isEmpty {
        guard let bytes = Base64.bytes(of: auth),
          let text = String(validating: bytes, as: UTF8.self),
          let colon = text.firstIndex(of: ":")
        else { throw Fault(message: "auth is not base64 of name:password") }
        result.username = String(text[..<colon])
        result.password = String(text[text.index(after: colon)...].filter { $0 != "\0" })
      }
      let isEmpty = result.username == nil && identitytoken == nil && registrytoken == nil
      return isEmpty ? nil : result
    }
  }

  private struct Response: Decodable {
    var username: String
    var secret: String
    enum CodingKeys: String, CodingKey {
      case username = "Username"
      case secret = "Secret"
    }
  }
}
