import OrderedCollections
import YAML

/// Converts the options of a build to arguments of `docker build`.
extension ServiceReader {
  func readOptions(of build: YAMLNode, into section: inout Build) throws(DiagnosticError) {
    for key in ["privileged", "entitlements"] where build[key]?.boolean != false {
      guard let value = build[key], value.sequence?.isEmpty != true else { continue }
      section.privileges = Located("build.\(key)", at: value.position)
    }
    var words: [String] = []
    func each(_ key: String, _ option: String) {
      for value in build[key]?.strings ?? [] where !value.isEmpty { words += [option, value] }
    }
    each("tags", "--tag")
    each("cache_to", "--cache-to")
    each("entitlements", "--allow")
    if build["privileged"]?.boolean == true { words += ["--allow", "security.insecure"] }
    let stages = build["no_cache_filter"]?.strings ?? []
    if !stages.isEmpty { words += ["--no-cache-filter", stages.joined(separator: ",")] }
    let platforms = build["platforms"]?.strings ?? []
    if !platforms.isEmpty { words += ["--platform", platforms.joined(separator: ",")] }
    for host in build["extra_hosts"].locatedStrings {
      let (name, address) = host.value.split("=")
      words += ["--add-host", "\(name):\(address ?? "")"]
    }
    if let size = build["shm_size"]?.string, size != "0" { words += ["--shm-size", size] }
    for (name, entry) in build["ulimits"]?.mapping ?? [:] {
      words += ["--ulimit", "\(name)=\(limit(entry.value))"]
    }
    for key in ["provenance", "sbom"] {
      if let value = build.located(key)?.value { words.append("--\(key)=\(value)") }
    }
    for (name, entry) in build["ssh"]?.mapping ?? [:] {
      let path = entry.value.string ?? ""
      if !path.isEmpty { section.hostFiles.append(Located(path, at: entry.keyPosition)) }
      words += ["--ssh", path.isEmpty ? name : "\(name)=\(path)"]
    }
    for (name, entry) in build["additional_contexts"]?.mapping ?? [:] {
      let context = entry.value.string ?? ""
      section.contexts[name] = Located(context, at: entry.value.position)
      if context.hasPrefix("/") {
        section.hostFiles.append(Located(context, at: entry.keyPosition))
      }
    }
    for secret in build["secrets"]?.sequence ?? [] {
      let option = try files.buildOption(secret)
      words += ["--secret", option.text]
      if let path = option.path { section.hostFiles.append(Located(path, at: secret.position)) }
    }
    section.options = words
  }

  private func limit(_ value: YAMLNode) -> String {
    if let single = value.integer { return String(single) }
    return "\(value["soft"]?.integer ?? 0):\(value["hard"]?.integer ?? 0)"
  }
}
