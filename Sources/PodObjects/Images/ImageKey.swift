/// An image's name in the canonical form that all programs use, and as a file name.
package enum ImageKey {
  /// The name with its tag or digest, without the engine's default prefixes:
  /// `docker.io/library/nginx` is `nginx:latest`. An image ID is unchanged.
  ///
  /// - Parameter name: a name in a file or in an engine.
  /// - Returns: one spelling for all names that are equal to an engine.
  package static func canonical(_ name: String) -> String {
    var text = name[...]
    for prefix in ["index.docker.io/", "docker.io/", "library/"] where text.hasPrefix(prefix) {
      text = text.dropFirst(prefix.count)
    }
    func tag(of text: Substring) -> Substring.Index? {
      guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") else { return nil }
      return colon
    }
    guard let at = text.firstIndex(of: "@") else {
      return tag(of: text) == nil ? "\(text):latest" : String(text)
    }
    // With a digest the tag has no effect.
    let repository = text[..<at]
    return String(repository[..<(tag(of: repository) ?? at)] + text[at...])
  }

  /// The canonical name without tag and digest.
  package static func repository(_ name: String) -> Substring {
    let canonical = canonical(name)
    if let at = canonical.firstIndex(of: "@") { return canonical[..<at] }
    return canonical[..<(canonical.lastIndex(of: ":") ?? canonical.endIndex)]
  }

  /// A file name for any text; a long one is shortened and has a hash (FNV-1a).
  ///
  /// - Parameter text: the text.
  /// - Returns: a name of at most 180 bytes without slashes, which doesn't begin with a dot.
  package static func fileName(_ text: String) -> String {
    var name: [UInt8] = []
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    let digits = Array("0123456789abcdef".utf8)
    for byte in text.utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: ":"), UInt8(ascii: "@"):
        name.append(byte)
      case UInt8(ascii: ".") where !name.isEmpty: name.append(byte)
      default: name += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    if name.count > 180 { name = name.prefix(160) + Array("%%\(String(hash, radix: 16))".utf8) }
    return String(decoding: name, as: UTF8.self)
  }

  /// Whether an operator's pattern matches a name: `*` matches any text, including slashes. A
  /// pattern without a tag matches every tag.
  ///
  /// - Parameters:
  ///   - pattern: such as `registry.example.org/base/*` or `*:stable`.
  ///   - name: a name with tag or digest.
  /// - Returns: whether it matches.
  package static func fits(_ pattern: String, _ name: String) -> Bool {
    let canonical = canonical(name)
    return [name, canonical, String(repository(name))].contains { candidate in
      matches(Array(pattern.utf8)[...], Array(candidate.utf8)[...])
    }
  }

  private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    var (pattern, text) = (pattern, text)
    var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
    while true {
      if pattern.first == UInt8(ascii: "*") {
        pattern = pattern.dropFirst()
        retry = (pattern, text)
      } else if let byte = text.first, pattern.first == byte {
        (pattern, text) = (pattern.dropFirst(), text.dropFirst())
      } else if pattern.isEmpty, text.isEmpty {
        return true
      } else if let last = retry, !last.text.isEmpty {
        // The last star matches one byte more.
        (pattern, text) = (last.pattern, last.text.dropFirst())
        retry = (pattern, text)
      } else {
        return false
      }
    }
  }
}
