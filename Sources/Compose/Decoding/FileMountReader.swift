import YAML

/// Reads the typed secrets and configs of a service.
struct FileMountReader {
  let tree: YAMLNode
  let environment: InterpolationEnvironment

  /// A service's secrets, followed by its configs.
  func mounts(of service: YAMLNode) throws(DiagnosticError) -> [FileMount] {
    var mounts: [FileMount] = []
    for entry in service["secrets"]?.sequence ?? [] { mounts.append(try mount(entry, .secret)) }
    for entry in service["configs"]?.sequence ?? [] { mounts.append(try mount(entry, .config)) }
    return mounts
  }

  /// A build's secret in the format of `docker build --secret`.
  ///
  /// - Returns: The option's value, and the path of the file that docker reads.
  func buildOption(
    _ entry: YAMLNode
  ) throws(DiagnosticError) -> (text: String, path: String?) {
    let name = entry["source"]?.string ?? ""
    let id = entry.located("target")?.value ?? name
    guard let resource = tree["secrets"]?[name] else {
      throw DiagnosticError("there is no secret `\(name)`", at: entry.position)
    }
    if let variable = resource.located("environment") {
      return ("id=\(id),env=\(variable.value)", nil)
    }
    guard case .file(let path) = try source(of: resource, .secret, name) else {
      throw DiagnosticError("the secret `\(name)` has no file", at: entry.position)
    }
    return ("id=\(id),src=\(path)", path)
  }

  private func mount(_ entry: YAMLNode, _ kind: FileMount.Kind) throws(DiagnosticError) -> FileMount
  {
    let name = entry["source"]?.string ?? ""
    guard let resource = tree[kind.rawValue + "s"]?[name] else {
      throw DiagnosticError("there is no \(kind.rawValue) `\(name)`", at: entry.position)
    }
    let directory = kind == .secret ? "/run/secrets/" : "/"
    let path = entry.located("target")?.value ?? name
    var mount = FileMount(
      kind: kind, name: name, source: try source(of: resource, kind, name),
      target: path.hasPrefix("/") ? path : directory + path, position: entry.position)
    if Self.namesDirectory(mount) {
      throw DiagnosticError(
        "the target `\(path)` of the \(kind.rawValue) `\(name)` is a directory: write the path of a file",
        at: entry["target"]?.position ?? entry.position)
    }
    mount.uid = try number("uid", of: entry)
    mount.gid = try number("gid", of: entry)
    if let mode = entry["mode"]?.string {
      mount.mode = UInt32(mode, radix: 8)
    }
    return mount
  }

  /// True if a target can't be the path of a file. If a file of the host is mounted, the engine
  /// removes a trailing slash.
  private static func namesDirectory(_ mount: FileMount) -> Bool {
    if Path.clean(mount.target) == "/" { return true }
    if case .file = mount.source { return false }
    let last = mount.target.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    return ["", ".", ".."].contains(last)
  }

  private func source(
    of resource: YAMLNode, _ kind: FileMount.Kind, _ name: String
  ) throws(DiagnosticError) -> FileMount.Source {
    let subject = "the \(kind.rawValue) `\(name)`"
    for (key, home) in [
      ("driver", "only Docker Swarm supports drivers"),
      ("template_driver", "only Docker Swarm supports templates"),
    ] {
      guard let value = resource[key], value.boolean != false, value.string?.isEmpty != true,
        !value.isNull
      else { continue }
      throw DiagnosticError(
        "\(subject) has `\(key)`, and \(home)", at: resource.position(ofKey: key))
    }
    if resource["external"]?.boolean == true {
      return .external(
        FileMount.External(
          name: resource["name"]?.string ?? name,
          labels: Dictionary(
            uniqueKeysWithValues: resource["labels"].pairs.map { ($0.key, $0.value) }),
          position: resource.position(ofKey: "external")))
    }
    if let content = resource.located("content") { return .content(content.value) }
    if let variable = resource.located("environment") {
      guard let value = environment[variable.value] else {
        throw DiagnosticError(
          "\(subject) has its value in the variable `\(variable.value)`, which is not set",
          at: variable.position)
      }
      return .content(value)
    }
    // Without a value, the file is empty.
    guard let file = resource.located("file") else { return .content("") }
    return .file(path: file.value)
  }

  private func number(_ key: String, of entry: YAMLNode) throws(DiagnosticError) -> Int? {
    guard let text = entry.located(key) else { return nil }
    guard let number = Int(text.value), number >= 0 else {
      throw DiagnosticError("`\(key)` must be a number, not `\(text.value)`", at: text.position)
    }
    return number
  }
}
