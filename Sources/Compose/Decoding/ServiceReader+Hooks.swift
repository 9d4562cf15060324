import OrderedCollections
import YAML

/// Lifecycle hooks, and the number of containers.
extension ServiceReader {
  func readHooks(into service: inout Service) throws(DiagnosticError) {
    for entry in node["pre_start"]?.sequence ?? [] {
      if let value = entry["per_replica"], value.boolean == true {
        throw DiagnosticError(
          "`per_replica` is not supported: a `pre_start` runs once for all containers",
          at: value.position)
      }
      let reader = ServiceReader(
        name: name, node: entry, position: entry.position, containers: containers, files: files)
      var hook = try reader.service()
      if hook.image == nil { hook.build = service.build }
      // Compose ignores the env and label files here, the hook's own and the service's.
      for (name, value) in try variables(of: entry) where hook.environment[name] == nil {
        hook.environment[name] = value
      }
      for (name, value) in try labels(of: entry) where hook.labels[name] == nil {
        hook.labels[name] = value
      }
      service.preStart.append(hook)
    }
    service.postStart = (node["post_start"]?.sequence ?? []).map(hook)
    service.preStop = (node["pre_stop"]?.sequence ?? []).map(hook)
  }

  private func variables(of hook: YAMLNode) throws(DiagnosticError) -> OrderedDictionary<
    String, String
  > {
    var variables: OrderedDictionary<String, String> = [:]
    let known = files.environment
    for file in hook["env_file"]?.sequence ?? [] {
      guard let path = file.located("path") else { continue }
      variables = try EnvFileReader.read(
        path.value, shown: path.value, isRequired: file["required"]?.boolean ?? true,
        within: known, at: path.position, isRaw: file["format"]?.string == "raw",
        after: variables
      ) { known[$0] }
    }
    return variables
  }

  private func labels(
    of hook: YAMLNode
  ) throws(DiagnosticError) -> OrderedDictionary<String, Located<String>> {
    var labels: OrderedDictionary<String, Located<String>> = [:]
    for file in hook["label_file"].locatedStrings {
      let known = labels
      let read = try EnvFileReader.read(
        file.value, shown: file.value, isRequired: true, within: files.environment,
        at: file.position
      ) { known[$0]?.value }
      for (name, value) in read { labels[name] = Located(value, at: file.position) }
    }
    return labels
  }

  func readScale(into service: inout Service) {
    guard let count = node["scale"] ?? node["deploy"]?["replicas"], let number = count.integer
    else { return }
    service.scale = Located(Int(number), at: count.position)
  }

  private func hook(_ entry: YAMLNode) -> Hook {
    var hook = Hook(
      position: entry.position, command: entry["command"]?.sequence?.compactMap(\.string) ?? [])
    hook.user = entry.located("user")?.value
    hook.workingDir = entry.located("working_dir")?.value
    hook.environment = (entry["environment"]?.mapping ?? [:]).mapValues { $0.value.string }
    hook.privileged = entry["privileged"].flatMap { value in
      value.boolean.map { Located($0, at: value.position) }
    }
    return hook
  }
}
