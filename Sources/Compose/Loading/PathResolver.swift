import OrderedCollections
import YAML

/// Makes the paths of a project's files absolute and checks that they stay inside the bound.
struct PathResolver {
  /// The directory that relative paths resolve against, absolute.
  let directory: String
  /// The directory that relative paths must not leave.
  let bound: PathBound
  /// The replacement of `~`; nil leaves `~` unchanged.
  let home: String?

  /// A resolver with the same bound for files of another directory.
  func at(_ directory: String) -> PathResolver {
    PathResolver(directory: directory, bound: bound, home: home)
  }

  /// Makes the paths of a canonical tree absolute. With `completing`, a build without a context
  /// gets this directory; false if another file may still set the context.
  func resolve(_ tree: inout YAMLNode, completing: Bool = true) throws(DiagnosticError) {
    for kind in ["services", "jobs"] {
      try tree.edit(kind) { (services) throws(DiagnosticError) in
        try services.editEach { (_, service) throws(DiagnosticError) in
          if completing { complete(buildOf: &service) }
          try resolve(service: &service)
        }
      }
    }
    for key in ["configs", "secrets"] {
      try tree.edit(key) { (files) throws(DiagnosticError) in
        try files.editEach { (_, file) throws(DiagnosticError) in
          try file.edit("file") { (path) throws(DiagnosticError) in try resolveFile(&path) }
        }
      }
    }
    try tree.edit("volumes") { (volumes) throws(DiagnosticError) in
      try volumes.editEach { (_, volume) throws(DiagnosticError) in try resolve(volume: &volume) }
    }
  }

  /// Makes the names in `env_file` and `label_file` absolute, so that lists of several files merge
  /// by file. Names that aren't in their shortest form, such as `./a.env`, count as other files.
  func resolveLists(in tree: inout YAMLNode) throws(DiagnosticError) {
    func resolve(_ node: inout YAMLNode) throws(DiagnosticError) {
      guard let text = node.string, !text.isEmpty, !text.hasPrefix("~"), Path.clean(text) == text
      else { return }
      node.content = .string(try absolute(text, at: node.position, isRead: true))
    }
    try tree.edit("services") { (services) throws(DiagnosticError) in
      try services.editEach { (_, service) throws(DiagnosticError) in
        try service.edit("env_file") { (files) throws(DiagnosticError) in
          try files.editItems { (file) throws(DiagnosticError) in
            try file.edit("path") { (path) throws(DiagnosticError) in try resolve(&path) }
          }
        }
        try service.edit("label_file") { (files) throws(DiagnosticError) in
          try files.editItems { (file) throws(DiagnosticError) in try resolve(&file) }
        }
      }
    }
  }

  private func complete(buildOf service: inout YAMLNode) {
    service.edit("build") { (build: inout YAMLNode) in
      if build.mapping != nil, build["context"] == nil { build.set("context", text: ".") }
    }
  }

  private func resolve(service: inout YAMLNode) throws(DiagnosticError) {
    try service.edit("build") { (build) throws(DiagnosticError) in try resolve(build: &build) }
    try service.edit("env_file") { (files) throws(DiagnosticError) in
      try files.editItems { (file) throws(DiagnosticError) in
        try file.edit("path") { (path) throws(DiagnosticError) in try resolveRead(&path) }
      }
    }
    try service.edit("label_file") { (files) throws(DiagnosticError) in
      try files.editItems { (path) throws(DiagnosticError) in try resolveRead(&path) }
    }
    try service.edit("extends") { (extends) throws(DiagnosticError) in
      try extends.edit("file") { (path) throws(DiagnosticError) in try resolvePath(&path) }
    }
    try service.edit("volumes") { (mounts) throws(DiagnosticError) in
      try mounts.editItems { (mount) throws(DiagnosticError) in
        guard mount["type"]?.string == "bind" else { return }
        try mount.edit("source") { (path) throws(DiagnosticError) in try resolveFile(&path) }
      }
    }
    for option in service["security_opt"]?.sequence ?? [] where bound.refusesPaths {
      try check(option: option)
    }
    try service.edit("pre_start") { (hooks) throws(DiagnosticError) in
      try hooks.editItems { (hook) throws(DiagnosticError) in try resolve(service: &hook) }
    }
    try service.edit("develop") { (develop) throws(DiagnosticError) in
      try develop.edit("watch") { (rules) throws(DiagnosticError) in
        try rules.editItems { (rule) throws(DiagnosticError) in
          try rule.edit("path") { (path) throws(DiagnosticError) in try resolveWatched(&path) }
        }
      }
    }
  }

  /// Checks the path of a seccomp profile, which is read for the engine.
  private func check(option: YAMLNode) throws(DiagnosticError) {
    guard let text = option.string, text.hasPrefix("seccomp=") || text.hasPrefix("seccomp:") else {
      return
    }
    let path = String(text.dropFirst("seccomp=".count))
    if path == "unconfined" || path == "builtin" { return }
    _ = try absolute(path, at: option.position, isRead: true)
  }

  private func resolve(build: inout YAMLNode) throws(DiagnosticError) {
    try build.edit("context") { (context) throws(DiagnosticError) in try resolveContext(&context) }
    if let dockerfile = build["dockerfile"], let name = dockerfile.string, !name.isEmpty,
      let context = build["context"]?.string
    {
      try check(dockerfile: name, in: context, at: dockerfile.position)
    }
    try build.edit("additional_contexts") { (contexts) throws(DiagnosticError) in
      try contexts.editEach { (_, context) throws(DiagnosticError) in try resolveContext(&context) }
    }
    try build.edit("ssh") { (keys) throws(DiagnosticError) in
      try keys.editEach { (_, path) throws(DiagnosticError) in try resolveFile(&path) }
    }
    for key in ["cache_from", "cache_to"] where bound.refusesPaths {
      for cache in build[key]?.sequence ?? [] { try check(cache: cache) }
    }
  }

  /// Checks the directory of a build's local cache (`type=local,src=…`, `dest=…`).
  private func check(cache: YAMLNode) throws(DiagnosticError) {
    // Fields are separated by commas and may be quoted; their names are case-insensitive.
    let fields = (cache.string ?? "").split(separator: ",").map { field in
      let parts = field.split { $0 == "\"" || $0 == " " }.joined().split(
        separator: "=", maxSplits: 1)
      return parts.enumerated().map { $0 == 0 ? $1.lowercased() : String($1) }
    }
    guard fields.contains(where: { $0.count == 2 && $0[0] == "type" && $0[1] == "local" }) else {
      return
    }
    for field in fields where field.count == 2 && ["src", "dest"].contains(field[0]) {
      _ = try absolute(field[1], at: cache.position)
    }
  }

  /// Resolves the source of a bind mount that is declared as a volume of the local driver.
  private func resolve(volume: inout YAMLNode) throws(DiagnosticError) {
    guard volume["driver"]?.string == "local", volume["driver_opts"]?["o"]?.string == "bind" else {
      return
    }
    try volume.edit("driver_opts") { (options) throws(DiagnosticError) in
      try options.edit("device") { (path) throws(DiagnosticError) in try resolveFile(&path) }
    }
  }

  /// Makes a path absolute; an empty path stays empty.
  private func resolvePath(_ node: inout YAMLNode) throws(DiagnosticError) {
    guard let text = node.string, !text.isEmpty else { return }
    node.content = .string(try absolute(text, at: node.position))
  }

  /// Makes the path of a file that is read absolute; a link out of the bound is always refused.
  private func resolveRead(_ node: inout YAMLNode) throws(DiagnosticError) {
    guard let text = node.string, !text.isEmpty else { return }
    node.content = .string(try absolute(text, at: node.position, isRead: true))
  }

  /// Makes a path absolute unless it is a Windows path.
  private func resolveFile(_ node: inout YAMLNode) throws(DiagnosticError) {
    guard let text = node.string, !isOfWindows(text) else { return }
    node.content = .string(try absolute(text, at: node.position))
  }

  private func resolveWatched(_ node: inout YAMLNode) throws(DiagnosticError) {
    try resolvePath(&node)
    if let path = node.string { node.content = .string(Path.withoutFirstLink(path)) }
  }

  private func resolveContext(_ node: inout YAMLNode) throws(DiagnosticError) {
    guard let text = node.string, !Self.isRemote(text), !text.hasPrefix("service:") else { return }
    try resolvePath(&node)
  }

  /// Makes a path absolute. Throws for a relative path that leaves the bound if the bound refuses
  /// paths; with `isRead` also if only a link leaves the bound.
  func absolute(
    _ path: String, at position: SourcePosition, isRead: Bool = false
  ) throws(DiagnosticError) -> String {
    if path.hasPrefix("~"), let home { return Path.clean(home + "/" + path.dropFirst()) }
    if path.hasPrefix("/") { return path }
    let resolved = Path.join(directory, path)
    if isRead || bound.refusesPaths { try bound.check(resolved, written: path, at: position) }
    return resolved
  }

  /// Checks the path of a file that is read against the bound.
  func check(_ path: String, written: String, at position: SourcePosition?) throws(DiagnosticError)
  {
    try bound.check(path, written: written, at: position)
  }

  /// Checks that a Dockerfile's relative path stays inside the bound.
  private func check(
    dockerfile: String, in context: String, at position: SourcePosition
  ) throws(DiagnosticError) {
    guard bound.refusesPaths, !dockerfile.hasPrefix("/"), !Self.isRemote(context),
      Path.isInside(context, bound.directory)
    else { return }
    try bound.check(Path.join(context, dockerfile), written: dockerfile, at: position)
  }

  /// True for a build context that isn't on this host.
  static func isRemote(_ context: String) -> Bool {
    if context.contains("://") { return true }
    return ["github.com/", "git@"].contains { context.hasPrefix($0) }
  }

  private func isOfWindows(_ path: String) -> Bool {
    path.hasPrefix("\\\\") || (path.first?.isLetter == true && path.dropFirst().hasPrefix(":/"))
      || (path.first?.isLetter == true && path.dropFirst().hasPrefix(":\\"))
  }
}
