/// A requested platform of an image: `os[/arch[/variant]]` or `arch`.
struct ImagePlatform: Equatable {
  /// The operating system, such as `linux`. Nil for any.
  let os: String?
  /// The architecture, such as `amd64`. Nil for any.
  let architecture: String?

  /// Parses a platform. Ignores the variant: engines that don't accept a platform don't report
  /// variants.
  init(_ text: String) {
    let parts = text.lowercased().split(separator: "/").map(String.init)
    let isSystem = ["linux", "windows", "freebsd", "darwin"].contains(parts.first ?? "")
    if parts.count > 1 || isSystem {
      os = parts.first
      architecture = parts.count > 1 ? Self.common(parts[1]) : nil
    } else {
      os = nil
      architecture = parts.first.map(Self.common)
    }
  }

  /// Whether an image has this platform.
  func fits(_ image: ImageDetails) -> Bool {
    (os == nil || image.os.isEmpty || os == image.os)
      && (architecture == nil || image.architecture.isEmpty
        || architecture == Self.common(image.architecture))
  }

  private static func common(_ name: String) -> String {
    switch name {
    case "x86_64", "x86-64": "amd64"
    case "aarch64": "arm64"
    case "i386", "i686": "386"
    case "armhf", "armel": "arm"
    default: name
    }
  }
}
