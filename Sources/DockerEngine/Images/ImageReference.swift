/// The name of an image, split for the engine's pull request: name, and tag or digest.
struct ImageReference: Equatable {
  let name: String
  /// The digest if there is one, otherwise the tag, otherwise `latest`.
  let tag: String

  init(_ text: String) {
    if let at = text.lastIndex(of: "@") {
      name = Self.withoutTag(text[..<at]).name
      tag = String(text[text.index(after: at)...])
    } else {
      let parts = Self.withoutTag(text[...])
      name = parts.name
      tag = parts.tag ?? "latest"
    }
  }

  /// A colon after the last slash precedes the tag. A colon before it precedes a port.
  private static func withoutTag(_ text: Substring) -> (name: String, tag: String?) {
    guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") else {
      return (String(text), nil)
    }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }
}
