#if canImport(Glibc)
  import Glibc
#endif

/// The certificates of the authorities that a host trusts. Distributions have them in different
/// locations, so a program that runs on all of them must search.
package struct TrustStore: Sendable, Equatable {
  /// A file of PEM certificates, or a directory of certificates that are named by their hashes.
  package enum Location: Sendable, Equatable {
    case file(String)
    case directory(String)

    var path: String {
      switch self {
      case .file(let path), .directory(let path): path
      }
    }
  }

  /// The locations in common distributions.
  static let usual: [Location] = [
    .file("/etc/ssl/certs/ca-certificates.crt"),  // Debian, Ubuntu, Alpine, Arch
    .file("/etc/pki/tls/certs/ca-bundle.crt"),  // Red Hat, CentOS, Fedora, Amazon Linux
    .file("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),  // the same, from release 7 on
    .file("/etc/ssl/ca-bundle.pem"),  // SUSE
    .file("/etc/ssl/cert.pem"),  // Alpine without its package
    .directory("/etc/ssl/certs"),
    .directory("/etc/pki/tls/certs"),
  ]

  /// The locations to search. The first readable one is used.
  let locations: [Location]

  /// Creates the locations that SSL_CERT_FILE and SSL_CERT_DIR name, as for OpenSSL. If both are
  /// unset or empty, the usual locations.
  package init(environment: (String) -> String?) {
    let file = environment("SSL_CERT_FILE").flatMap { $0.isEmpty ? nil : $0 }
    let directory = environment("SSL_CERT_DIR").flatMap { $0.isEmpty ? nil : $0 }
    let named = [file.map(Location.file), directory.map(Location.directory)].compactMap(\.self)
    locations = named.isEmpty ? Self.usual : named
  }

  /// The locations for the current environment of this process.
  static var ofProcess: TrustStore {
    TrustStore { name in getenv(name).map { String(cString: $0) } }
  }

  /// The location to use.
  ///
  /// - Parameter root: The directory to which the paths are relative.
  /// - Returns: The location. Nil if none is readable.
  func location(below root: String = "") -> Location? {
    locations.first { location in
      let path = root + location.path
      var status = stat()
      guard stat(path, &status) == 0, access(path, R_OK) == 0 else { return false }
      switch location {
      case .file: return status.st_mode & S_IFMT == S_IFREG && status.st_size > 0
      case .directory: return status.st_mode & S_IFMT == S_IFDIR && access(path, X_OK) == 0
      }
    }
  }

  /// A message with the locations that were searched without success.
  var absence: String {
    "this host has no CA certificates to verify it: none at "
      + locations.map(\.path).joined(separator: ", ")
      + " (SSL_CERT_FILE or SSL_CERT_DIR sets another path)"
  }
}
