import OrderedCollections
import YAML

/// A file whose services are extended by services of another file.
struct ExtendedFile {
  /// The services, with absolute paths.
  var services: YAMLNode
  /// The directives of its last document for the services that its services extend.
  let directives: MergeDirectives
}

/// `extends:` (Compose specification, "extends").
extension TreeLoader {
  /// One service of an `extends` chain.
  struct Step: Hashable {
    let file: String
    let service: String
  }

  /// Merges each service of a tree over the service that it extends.
  mutating func extend(
    in tree: inout YAMLNode, of file: String, _ directives: MergeDirectives
  ) throws(DiagnosticError) {
    guard var services = tree["services"], let entries = services.mapping else { return }
    guard entries.values.contains(where: { $0.value["extends"] != nil }) else { return }
    resolved = [:]
    for name in entries.keys {
      let (service, _) = try extended(
        name, in: services, of: file, directives, steps: [], at: services.position)
      services.set(name, service, at: services.position(ofKey: name))
    }
    tree.set("services", services, at: tree.position(ofKey: "services"))
  }

  /// The service merged over all services that it extends; `extends` is false if it extends none.
  private mutating func extended(
    _ name: String, in services: YAMLNode, of file: String, _ directives: MergeDirectives,
    steps: [Step], at position: SourcePosition
  ) throws(DiagnosticError) -> (service: YAMLNode, extends: Bool) {
    guard let service = services[name] else {
      throw DiagnosticError("there is no service `\(name)` to extend in \(file)", at: position)
    }
    guard service.mapping != nil, let extends = service["extends"] else { return (service, false) }
    let step = Step(file: file, service: name)
    if let known = resolved[step] { return (known, true) }
    guard steps.count < YAMLParser.Limit.depth else {
      throw DiagnosticError(
        "`extends` is nested deeper than \(YAMLParser.Limit.depth) levels",
        at: extends.position)
    }
    guard let other = extends["service"], let base = other.string else {
      throw DiagnosticError("`extends` needs a `service`", at: extends.position)
    }
    guard !steps.contains(step) else {
      throw DiagnosticError(
        "services extend each other in a cycle: "
          + DiagnosticError.path((steps + [step]).map(\.service)), at: extends.position)
    }
    var source: YAMLNode
    if let path = extends["file"] {
      guard let name = path.string else {
        throw DiagnosticError("`file` must be a string, not \(path.kind)", at: path.position)
      }
      let file = Path.join(paths.directory, name)
      let read = try extendedFile(file, written: name, at: path.position)
      (source, _) = try extended(
        base, in: read.services, of: file, read.directives, steps: steps + [step],
        at: other.position)
    } else {
      (source, _) = try extended(
        base, in: services, of: file, directives, steps: steps + [step], at: other.position)
    }
    guard source.mapping != nil else { return (service, true) }
    copied += source.count
    guard copied <= YAMLParser.Limit.unfolded else {
      throw DiagnosticError(
        "`extends` expands to more than \(YAMLParser.Limit.unfolded) nodes", at: extends.position)
    }
    try environment.budget.take(source.textSize, .text, at: extends.position)
    directives.apply(toService: &source, named: name)
    var merged = try Merge.service(source, with: service)
    merged.remove("extends")
    let whole = YAMLNode(merged.content, at: service.position)
    resolved[step] = whole
    return (whole, true)
  }

  /// Reads the services of a file. Only services that are used are validated.
  private mutating func extendedFile(
    _ file: String, written: String, at position: SourcePosition
  ) throws(DiagnosticError) -> ExtendedFile {
    if let known = extended[file] { return known }
    try Self.refuseRemote(written, at: position)
    try paths.check(file, written: written, at: position)
    var merged: YAMLNode?
    var directives = MergeDirectives.none
    for document in try SourceDocument.read(
      file, within: environment.reach, environment.budget, at: position)
    {
      var tree = Merge.unique(try interpolated(document), in: TopLevelKeys.table)
      directives = document.directives
      if var earlier = merged {
        directives.apply(to: &earlier)
        tree = try Merge.merge(earlier, with: tree)
      }
      merged = tree
    }
    guard var tree = merged, tree["services"]?.mapping != nil else {
      throw DiagnosticError("\(written) has no services to extend", at: position)
    }
    for (_, entry) in tree["services"]?.mapping ?? [:] {
      for key in ["build", "depends_on", "env_file", "gpus", "ports"] {
        guard let value = entry.value[key], value.isNull else { continue }
        throw DiagnosticError(
          "`\(key)` can't be empty in a file that is named by `extends`", at: value.position)
      }
    }
    try canonicalizer.expandGPUs(in: &tree)
    tree.canonicalizeForms()
    try paths.at(Path.directory(of: file)).resolve(&tree, completing: false)
    let read = ExtendedFile(
      services: tree["services"] ?? YAMLNode(mappingAt: tree.position), directives: directives)
    extended[file] = read
    return read
  }
}

extension YAMLNode {
  /// The number of nodes of the tree, including this one.
  var count: Int {
    if let items = sequence { return items.reduce(1) { $0 + $1.count } }
    return mapping?.values.reduce(1) { $0 + $1.value.count } ?? 1
  }

  /// The bytes of all keys and strings of the tree.
  var textSize: Int {
    if let items = sequence { return items.reduce(0) { $0 + $1.textSize } }
    guard let entries = mapping else { return string?.utf8.count ?? 0 }
    return entries.reduce(0) { $0 + $1.key.utf8.count + $1.value.value.textSize }
  }
}
