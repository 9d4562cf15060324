/// An image's name as an engine resolves it (distribution, "reference"): `nginx` is
/// `docker.io/library/nginx`.
struct ImageName: Sendable, Equatable {
  /// The registry and the path, without tag and digest.
  let repository: String

  /// Resolves a name; nil for an ID and for an invalid name.
  init?(_ text: String) {
    var rest = text[...]
    if let at = rest.firstIndex(of: "@") { rest = rest[..<at] }
    if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") { rest = rest[..<colon] }
    let isID = rest.utf8.count == 64 && rest.allSatisfy(\.isHexDigit)
    guard !rest.isEmpty, !isID, !text.hasPrefix("sha256:") else { return nil }
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
    let isPlain = parts.allSatisfy { part in
      !part.isEmpty && part != "." && part != ".."
        && part.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
          default: "._-:[]".utf8.contains(byte)
          }
        }
    }
    guard isPlain, let first = parts.first else { return nil }
    let hasRegistry =
      parts.count > 1
      && (first.contains(".") || first.contains(":") || first == "localhost"
        || first.contains(where: \.isUppercase))
    if hasRegistry {
      let isHub = ["docker.io", "index.docker.io"].contains(String(first))
      let path =
        isHub && parts.count == 2 ? "library/\(parts[1])" : parts[1...].joined(separator: "/")
      repository = (isHub ? "docker.io" : String(first)) + "/" + path
    } else {
      repository = "docker.io/" + (parts.count == 1 ? "library/\(first)" : String(rest))
    }
  }

  /// Whether the image is in a registry or below a path of one: `docker.io/library`,
  /// `registry.example.org`.
  func isIn(_ prefix: String) -> Bool {
    let prefix = prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
    return repository == prefix || repository.hasPrefix(prefix + "/")
  }
}
