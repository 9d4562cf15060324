import DockerEngine
import Foundation
import Logging
import TestSupport
import Testing

@testable import PodRuntime

@Suite("Registry credentials")
struct CredentialStoreTests {
  private func credentials(
    _ image: String, config: String, helper: String? = nil
  ) async throws -> RegistryCredentials? {
    try await withTemporaryDirectory { directory in
      try directory.write(".docker/config.json", config)
      if let helper {
        try await directory.program("docker-credential-test", "#!/bin/sh\n\(helper)\n")
      }
      return await CredentialStore(
        projectDirectory: directory.path, environment: ["PATH": "\(directory.path):/usr/bin:/bin"],
        log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      ).credentials(for: image)
    }
  }

  private let auth = Data("me:se:cret".utf8).base64EncodedString()

  @Test("come from auths by the image's registry, in each notation of its key")
  func auths() async throws {
    for key in ["localhost:5000", "https://localhost:5000/v2/"] {
      let found = try await credentials(
        "localhost:5000/a/b:1", config: #"{"auths": {"\#(key)": {"auth": "\#(auth)"}}}"#)
      #expect(found?.username == "me")
      #expect(found?.password == "se:cret")
    }
    let other = #"{"auths": {"example.org": {"auth": "\#(auth)"}}}"#
    #expect(try await credentials("localhost:5000/a", config: other) == nil)
  }

  @Test("of Docker Hub have its old address as their key")
  func hub() async throws {
    let config = #"{"auths": {"https://index.docker.io/v1/": {"auth": "\#(auth)"}}}"#
    #expect(try await credentials("redis:7", config: config)?.username == "me")
    #expect(try await credentials("library/redis", config: config)?.username == "me")
  }

  @Test("come from the registry's helper, which gets the server on stdin")
  func helper() async throws {
    let found = try await credentials(
      "example.org/x", config: #"{"credHelpers": {"example.org": "test"}}"#,
      helper: #"read server; echo "{\"Username\": \"of $server\", \"Secret\": \"s\"}""#)
    #expect(found?.username == "of example.org")
    #expect(found?.password == "s")
  }

  @Test("of a store can be a token, and auths is used if the store has none")
  func store() async throws {
    let token = try await credentials(
      "example.org/x", config: #"{"credsStore": "test"}"#,
      helper: #"read server; echo '{"Username": "<token>", "Secret": "t"}'"#)
    #expect(token?.identityToken == "t")
    let fallen = try await credentials(
      "example.org/x",
      config: #"{"credsStore": "test", "auths": {"example.org": {"auth": "\#(auth)"}}}"#,
      helper: "read server; exit 1")
    #expect(fallen?.username == "me")
  }

  @Test(
    "are absent if the file can't be decoded",
    arguments: ["", "{", #"{"auths": {"example.org": {"auth": "%"}}}"#])
  func malformed(config: String) async throws {
    #expect(try await credentials("example.org/x", config: config) == nil)
  }
}
