#if canImport(Glibc)
  import Glibc
#endif

/// The certificates of the authorities that a host trusts. Distributions keep them in different places, and a program
/// that runs on all of them has to look.
public struct TrustStore: Sendable, Equatable {
  /// A file of PEM certificates, or a directory of them named by their hashes.
  public enum Place: Sendable, Equatable {
    case file(String)
    case folder(String)

    var path: String {
      switch self {
      case .file(let path), .folder(let path): path
      }
    }
  }

  /// Where the usual distributions have them.
  static let usual: [Place] = [
    .file("/etc/ssl/certs/ca-certificates.crt"),  // Debian, Ubuntu, Alpine, Arch
    .file("/etc/pki/tls/certs/ca-bundle.crt"),  // Red Hat, CentOS, Fedora, Amazon Linux
    .file("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),  // the same, from release 7 on
    .file("/etc/ssl/ca-bundle.pem"),  // SUSE
    .file("/etc/ssl/cert.pem"),  // Alpine without its package
    .folder("/etc/ssl/certs"),
    .folder("/etc/pki/tls/certs"),
  ]

  /// The places to look at, the first that can be read counts.
  let places: [Place]

  /// What SSL_CERT_FILE and SSL_CERT_DIR name, as for OpenSSL; without them the usual places.
  public init(environment: (String) -> String?) {
    let file = environment("SSL_CERT_FILE").flatMap { $0.isEmpty ? nil : $0 }
    let folder = environment("SSL_CERT_DIR").flatMap { $0.isEmpty ? nil : $0 }
    let named = [file.map(Place.file), folder.map(Place.folder)].compactMap(\.self)
    places = named.isEmpty ? Self.usual : named
  }

  /// Those of this process, at this moment.
  static var ofProcess: TrustStore {
    TrustStore { name in getenv(name).map { String(cString: $0) } }
  }

  /// The place to use.
  ///
  /// - Parameter root: what the paths are below.
  /// - Returns: nil where none can be read.
  func place(below root: String = "") -> Place? {
    places.first { place in
      let path = root + place.path
      var status = stat()
      guard stat(path, &status) == 0, access(path, R_OK) == 0 else { return false }
      switch place {
      case .file: return status.st_mode & S_IFMT == S_IFREG && status.st_size > 0
      case .folder: return status.st_mode & S_IFMT == S_IFDIR && access(path, X_OK) == 0
      }
    }
  }

  /// What was looked at in vain, for people.
  var absence: String {
    "no certificates of authorities are on this host, so it can't be verified: looked for "
      + places.map(\.path).joined(separator: ", ")
      + " (SSL_CERT_FILE or SSL_CERT_DIR name another place)"
  }
}
