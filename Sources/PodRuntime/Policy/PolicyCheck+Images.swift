import Compose
import DockerEngine
import OrderedCollections
import YAML

extension PolicyCheck {
  /// Refuses an image whose name isn't in one of the policy's registries.
  ///
  /// - Parameter image: the name in the file.
  /// - Throws: `DiagnosticError` with its line.
  func check(image: Located<String>) throws(DiagnosticError) {
    try policy.check(image: image)
  }

  /// Refuses a build that exceeds the policy.
  ///
  /// - Parameters:
  ///   - build: the build.
  ///   - service: the service whose image is built.
  /// - Throws: `DiagnosticError` with the line of the request.
  func check(_ build: Build, of service: Service) throws(DiagnosticError) {
    func location(_ key: String) -> SourcePosition {
      service.locations["build.\(key)"] ?? build.position
    }
    try check(part: "local", "build", at: build.position)
    try check(context: build.context, "context", at: location("context"))
    for text in build.options + build.cacheFrom + [build.context, build.dockerfile ?? ""] {
      try checkPlain(text, "a build", at: build.position)
    }
    for (name, context) in build.contexts {
      // To the docker command a name ends at the first `=`.
      let isName =
        !name.isEmpty
        && name.utf8.allSatisfy { byte in
          "._/-@:".utf8.contains(byte) || (0x30...0x39).contains(byte)
            || (0x61...0x7a).contains(byte | 0x20)
        }
      if !isName {
        throw policy.refusal("the name of an additional context", nil, at: context.position)
      }
    }
    for (_, context) in build.contexts where !context.value.hasPrefix("service:") {
      try check(context: context.value, "additional context", at: context.position)
    }
    if build.context.hasPrefix("/"), build.dockerfileText == nil {
      let name = build.dockerfile ?? "Dockerfile"
      let file = name.hasPrefix("/") ? name : build.context + "/" + name
      let position = location("dockerfile")
      try paths.check(file, at: position, as: "a build with the Dockerfile")
      // The docker command reads the file next to the Dockerfile, or that of the context.
      for ignored in [file + ".dockerignore", build.context + "/.dockerignore"] {
        try paths.check(ignored, at: position, as: "a build with")
      }
    }
    for file in build.hostFiles where file.value.hasPrefix("/") {
      try paths.check(file.value, at: file.position, as: "a build with")
    }
    if let requested = build.privileges, !policy.allows(.privileged) {
      throw policy.refusal(requested.value, .privileged, at: requested.position)
    }
    if let network = build.network, !["", "default", "none"].contains(network),
      !policy.allows(.hostNamespaces)
    {
      throw policy.refusal("build.network \(network)", .hostNamespaces, at: location("network"))
    }
    for image in build.cacheFrom { try check(cache: image, at: location("cache_from")) }
    if service.image != nil { try check(part: "tags", "an image's name", at: build.position) }
    try checkOptions(of: build, location)
  }

  /// Checks the options of `docker build` that have no fields of their own.
  private func checkOptions(
    of build: Build, _ location: (String) -> SourcePosition
  ) throws(DiagnosticError) {
    var words = build.options[...]
    while let word = words.popFirst() {
      let isWhole = word.contains("=") && word.hasPrefix("--")
      let option = isWhole ? String(word.prefix { $0 != "=" }) : word
      let value = isWhole ? String(word.dropFirst(option.count + 1)) : words.popFirst() ?? ""
      switch option {
      case "--no-cache-filter", "--platform", "--add-host", "--shm-size": break
      case "--allow":
        if policy.allows(.privileged) { continue }
        throw policy.refusal("build.entitlements", .privileged, at: location("entitlements"))
      case "--tag": try check(part: "tags", "build.tags", at: location("tags"))
      case "--cache-to": try check(cache: value, at: location("cache_to"))
      case "--ulimit":
        let name = String(value.prefix { $0 != "=" })
        if policy.allows(.ulimits, name) { continue }
        throw policy.refusal("build.ulimits \(name)", .ulimits, name, at: location("ulimits"))
      // Either may name an image to run.
      case "--provenance", "--sbom":
        if ["true", "false", "mode=min", "mode=max"].contains(value) { continue }
        let key = String(option.dropFirst(2))
        try check(part: "remote", "build.\(key) \(value)", at: location(key))
      // Both are lists separated by commas, to which a path must not add items.
      case "--ssh":
        try check(part: "ssh", "build.ssh", at: location("ssh"))
        guard value.contains(where: { ",\"\n".contains($0) }) else { continue }
        throw policy.refusal(
          "build.ssh \(value), with a comma or a quote,", nil, at: location("ssh"))
      case "--secret":
        let fields = value.split(separator: ",", omittingEmptySubsequences: false)
        let isPlain =
          fields.count == 2 && fields[0].hasPrefix("id=")
          && ["src=", "env="].contains { fields[1].hasPrefix($0) }
        if isPlain, !value.contains("\""), !value.contains("\n") { continue }
        throw policy.refusal(
          "build.secrets \(value), with a comma or a quote,", nil, at: location("secrets"))
      default: throw policy.refusal("build option \(option)", nil, at: build.position)
      }
    }
  }

  private func check(
    part: String, _ what: String, at position: SourcePosition
  ) throws(DiagnosticError) {
    if policy.allows(.build, part) { return }
    throw policy.refusal(
      part == "local" ? what : "\(what) (part \(part))", .build, part, at: position)
  }

  /// A context must be a directory of the sandbox or of `bind-mounts`, or unambiguously remote: the
  /// docker command treats a text that only resembles a URL as a directory if that exists.
  private func check(
    context: String, _ what: String, at position: SourcePosition
  ) throws(DiagnosticError) {
    if context.hasPrefix("/") {
      try paths.check(context, at: position, as: "a build with the \(what)")
      return
    }
    let isImage = context.hasPrefix("docker-image://")
    if isImage {
      let name = String(context.dropFirst("docker-image://".count))
      try policy.check(pulled: Located(name, at: position))
      return
    }
    let schemes = ["https://", "http://", "git://", "ssh://", "git@"]
    let parts = context.split(whereSeparator: { "/:#".contains($0) })
    let isRemote =
      schemes.contains { context.hasPrefix($0) } && !parts.contains("..") && !parts.contains(".")
    if !isRemote, !policy.allows(.bindMounts) {
      throw policy.refusal("a build with the \(what) \(context)", .bindMounts, at: position)
    }
    try check(part: "remote", "the \(what) \(context)", at: position)
  }

  /// A cache in a registry is a name. Any other cache has a destination in its fields, and is
  /// refused.
  private func check(cache: String, at position: SourcePosition) throws(DiagnosticError) {
    let fields = cache.split(separator: ",", omittingEmptySubsequences: false)
    let keys = fields.map { String($0.prefix { $0 != "=" }) }
    let names: Set = ["type", "ref", "mode", "compression", "image-manifest", "oci-mediatypes"]
    let isPlain = !cache.contains("=") && fields.count == 1
    let isRegistry =
      fields.contains("type=registry") && Set(keys).count == keys.count
      && names.isSuperset(of: keys)
      && keys.contains("ref")
    guard isPlain || isRegistry || cache == "type=inline", !cache.contains("\"") else {
      throw policy.refusal("a build's cache \(cache)", nil, at: position)
    }
    if cache == "type=inline" { return }
    try check(part: "cache", "a build's cache \(cache)", at: position)
    let reference =
      isPlain ? cache : fields.first { $0.hasPrefix("ref=") }.map { String($0.dropFirst(4)) }
    if let reference { try policy.check(pulled: Located(reference, at: position)) }
  }
}

extension PodPolicy {
  /// The parts of `build`: directories of this host; contexts and generators of other hosts; caches
  /// in registries; names of built images; keys of an SSH agent.
  package static let buildParts = ["local", "remote", "cache", "tags", "ssh"]

  /// Refuses an image whose name isn't in one of the policy's registries.
  ///
  /// - Parameter image: the name in the file.
  /// - Throws: `DiagnosticError` with its line.
  func check(image: Located<String>) throws(DiagnosticError) {
    guard case .only(let listed) = self[.registries] else { return }
    let name = ImageName(image.value)
    if let name, listed.contains(where: { name.isIn($0) }) { return }
    // An image of this host is in no registry; its name does not show that (see `check(_:named:)`).
    if name != nil, listed.contains(Self.localImages) { return }
    throw refusal("image \(image.value)", .registries, name?.repository, at: image.position)
  }

  /// Refuses a pull from a registry that the policy doesn't list.
  ///
  /// - Parameter image: the name in the file.
  /// - Throws: `DiagnosticError` with its line.
  func check(pulled image: Located<String>) throws(DiagnosticError) {
    guard case .only(let listed) = self[.registries] else { return }
    if let name = ImageName(image.value), listed.contains(where: { name.isIn($0) }) { return }
    throw refusal("a pull of image \(image.value)", .registries, at: image.position)
  }

  /// The value of `registries` for images that come from no registry: loaded or built on this host.
  static let localImages = "local"

  /// Refuses an image that the engine doesn't have by a name in one of the policy's registries.
  ///
  /// A name of hexadecimal digits may be an ID, and a build may have given any name to another
  /// image.
  ///
  /// - Parameters:
  ///   - details: the image.
  ///   - image: the name in the file.
  /// - Throws: `DiagnosticError` with its line.
  func check(_ details: ImageDetails, named image: Located<String>) throws(DiagnosticError) {
    guard case .only(let listed) = self[.registries] else { return }
    let sources = details.repoDigests.compactMap { ImageName($0) }
    if sources.isEmpty, listed.contains(Self.localImages) { return }
    let isNamed = ImageName(image.value).map { name in
      sources.contains { $0.repository == name.repository && listed.contains(where: name.isIn) }
    }
    if isNamed == true { return }
    throw refusal(
      "image \(image.value), which the engine has from \(sources.first.map { $0.repository } ?? "no registry"),",
      .registries, at: image.position)
  }
}
