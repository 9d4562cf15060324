import Foundation
import TestSupport
import Testing

@testable import HTTPClient

/// The locations of the certificates that a host trusts.
struct TrustStoreTests {
  private static let files = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
  ]

  @Test("the location of each distribution is found", arguments: files)
  func found(path: String) async throws {
    try await withTemporaryDirectory { directory in
      let root = directory.path
      let store = TrustStore { _ in nil }
      #expect(store.location(below: root) == nil)
      try write("PEM", to: root + path)
      #expect(store.location(below: root) == .file(path))
    }
  }

  @Test("an empty file, and a directory in place of a file, are skipped")
  func skipped() async throws {
    try await withTemporaryDirectory { directory in
      let root = directory.path
      try write("", to: root + Self.files[0])
      try FileManager.default.createDirectory(
        atPath: root + Self.files[1], withIntermediateDirectories: true)
      let store = TrustStore { _ in nil }
      #expect(store.location(below: root) == .directory("/etc/ssl/certs"))
      try write("PEM", to: root + Self.files[4])
      #expect(store.location(below: root) == .file(Self.files[4]))
    }
  }

  @Test("SSL_CERT_FILE or SSL_CERT_DIR replaces the usual locations")
  func named() async throws {
    try await withTemporaryDirectory { directory in
      let root = directory.path
      try write("PEM", to: root + Self.files[0])
      try write("PEM", to: root + "/own/authorities.pem")
      let file = TrustStore { $0 == "SSL_CERT_FILE" ? "/own/authorities.pem" : nil }
      #expect(file.location(below: root) == .file("/own/authorities.pem"))
      let own = TrustStore { $0 == "SSL_CERT_DIR" ? "/own" : "" }
      #expect(own.location(below: root) == .directory("/own"))
      let wrong = TrustStore { $0 == "SSL_CERT_FILE" ? "/own/none.pem" : nil }
      #expect(wrong.location(below: root) == nil)
      #expect(wrong.absence.contains("none at /own/none.pem (SSL_CERT_FILE"))
    }
  }

  @Test("the message about a missing store lists every location")
  func absent() {
    let text = TrustStore { _ in nil }.absence
    for path in Self.files + ["/etc/pki/tls/certs"] { #expect(text.contains(path)) }
  }

  private func write(_ text: String, to path: String) throws {
    let directory = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
}
