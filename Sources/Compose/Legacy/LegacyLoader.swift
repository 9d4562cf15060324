import OrderedCollections
import YAML

/// Converts files in the format of Compose 1 to one file in the modern format. Interpolation,
/// `extends` and merging follow Compose 1.29.2, the last release that supports the format.
struct LegacyLoader {
  /// One service of an `extends` chain.
  private struct Step: Hashable {
    let file: String
    let service: String
  }

  private(set) var environment: InterpolationEnvironment
  /// Validates the trees.
  var canonicalizer = Canonicalizer()
  private let paths: PathResolver
  /// The services of files that are extended, by path.
  private var read: [String: YAMLNode] = [:]
  /// The number of nodes of extended services.
  private var copied = 0

  /// A loader for the files of a directory.
  init(environment: InterpolationEnvironment, paths: PathResolver) {
    self.environment = environment
    canonicalizer.budget = environment.budget
    self.paths = paths
  }

  /// Merges the services of the files into one file in the modern format; throws for a file in
  /// another format.
  mutating func tree(
    of documents: [(file: String, document: SourceDocument)]
  ) throws(DiagnosticError) -> YAMLNode {
    var merged: YAMLNode?
    var main = ""
    for (file, document) in documents {
      let path = Path.join(Path.current, file)
      let services = try services(of: document)
      guard let earlier = merged else {
        (merged, main, read[path]) = (services, path, services)
        continue
      }
      merged = try Self.merge(files: earlier, services)
    }
    // `extends` would copy these errors to other services.
    if let fault = canonicalizer.faults?.faults.first { throw fault }
    var services = merged ?? YAMLNode(mappingAt: SourcePosition(file: main, line: 1, column: 1))
    for (name, entry) in services.mapping ?? [:] {
      let service = try extended(entry.value, named: name, of: main, steps: [])
      services.set(name, service, at: entry.keyPosition)
    }
    return try LegacyFormat.modern(services)
  }

  /// Interpolates and validates a document's services.
  private mutating func services(of document: SourceDocument) throws(DiagnosticError) -> YAMLNode {
    guard document.isLegacy else {
      throw DiagnosticError(
        "this file is in the current format, but another one is in the format without `services:`; use one format",
        at: document.tree.position)
    }
    var services = document.tree
    if document.mayInterpolate {
      try environment.interpolate(
        &services, as: .legacy, collecting: canonicalizer.faults)
    }
    for (name, entry) in services.mapping ?? [:] {
      guard entry.value.mapping != nil else {
        try canonicalizer.faults.report(
          DiagnosticError(
            "the service `\(name)` must be a mapping, not \(entry.value.kind)",
            at: entry.keyPosition))
        continue
      }
      var service = entry.value
      try refuseLater(&service)
      services.set(name, try canonicalizer.read(legacy: service), at: entry.keyPosition)
    }
    return services
  }

  /// Removes keys that exist only in the modern format and reports each as an error.
  private func refuseLater(_ service: inout YAMLNode) throws(DiagnosticError) {
    for (key, entry) in service.mapping ?? [:]
    where LegacyKeys.table[key] == nil && ServiceKeys.table[key] != nil {
      service.remove(key)
      try canonicalizer.faults.report(
        DiagnosticError(
          "`\(key)` is not supported in a file without `services:`; put the services under `services:`",
          at: entry.keyPosition))
    }
  }

  /// The service merged over all services that it extends.
  private mutating func extended(
    _ service: YAMLNode, named name: String, of file: String, steps: [Step]
  ) throws(DiagnosticError) -> YAMLNode {
    guard let extends = service["extends"], let other = extends["service"],
      let base = other.string
    else { return service }
    let step = Step(file: file, service: name)
    guard steps.count < YAMLParser.Limit.depth else {
      throw DiagnosticError(
        "`extends` is nested deeper than \(YAMLParser.Limit.depth) levels", at: extends.position)
    }
    guard !steps.contains(step) else {
      throw DiagnosticError(
        "services extend each other in a cycle: "
          + DiagnosticError.path((steps + [step]).map(\.service)), at: extends.position)
    }
    var source = file
    if let path = extends["file"], let written = path.string {
      try TreeLoader.refuseRemote(written, at: path.position)
      source = Path.join(Path.directory(of: file), written)
      try paths.check(source, written: written, at: path.position)
    }
    let services = try services(of: source, at: extends.position)
    guard let found = services[base] else {
      throw DiagnosticError(
        "there is no service `\(base)` to extend in \(source)", at: other.position)
    }
    var origin = try extended(found, named: base, of: source, steps: steps + [step])
    copied += origin.count
    guard copied <= YAMLParser.Limit.unfolded else {
      throw DiagnosticError(
        "`extends` expands to more than \(YAMLParser.Limit.unfolded) nodes", at: extends.position)
    }
    try environment.budget.take(origin.textSize, .text, at: extends.position)
    try refuseExtending(origin, named: base)
    try LegacyFormat.resolvePaths(of: &origin, paths.at(Path.directory(of: source)))
    var merged = try Self.merge(origin, service)
    merged.remove("extends")
    return YAMLNode(merged.content, at: service.position)
  }

  private mutating func services(
    of file: String, at position: SourcePosition
  ) throws(DiagnosticError) -> YAMLNode {
    if let known = read[file] { return known }
    var services = YAMLNode(mappingAt: position)
    for document in try SourceDocument.read(
      file, within: environment.reach, environment.budget, at: position)
    {
      services = try self.services(of: document)
    }
    read[file] = services
    return services
  }

  /// Throws for keys that refer to other services, which this format can't inherit.
  private func refuseExtending(_ service: YAMLNode, named name: String) throws(DiagnosticError) {
    let isTied = service["net"]?.string?.hasPrefix("container:") == true
    for key in ["links", "volumes_from"] + (isTied ? ["net"] : []) where service[key] != nil {
      throw DiagnosticError(
        "the service `\(name)` has `\(key)`, so it can't be extended in a file without `services:`",
        at: service.position(ofKey: key))
    }
  }

  private static func merge(
    files earlier: YAMLNode, _ later: YAMLNode
  ) throws(DiagnosticError) -> YAMLNode {
    var merged = earlier
    for (name, entry) in later.mapping ?? [:] {
      let service = try merged[name].map { (known) throws(DiagnosticError) in
        try merge(known, entry.value)
      }
      merged.set(name, service ?? entry.value, at: merged.mapping?[name]?.keyPosition)
    }
    return merged
  }

  /// Merges a service over another. An image replaces a build, and a build replaces an image.
  private static func merge(
    _ earlier: YAMLNode, _ later: YAMLNode
  ) throws(DiagnosticError) -> YAMLNode {
    var earlier = earlier
    if later["image"] != nil { earlier.remove("build") }
    if later["build"] != nil { earlier.remove("image") }
    return try Merge.service(earlier, with: later, keys: LegacyKeys.table)
  }
}

extension Canonicalizer {
  /// Validates a service in the format of Compose 1 and converts it to its canonical form.
  mutating func read(legacy service: YAMLNode) throws(DiagnosticError) -> YAMLNode {
    let shape = SchemaType.fields(LegacyKeys.table)
    return try read(try expand(service, as: shape), as: shape, name: "service")
  }
}
