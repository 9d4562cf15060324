import OrderedCollections
import YAML

/// Makes the paths of a project's files absolute, and keeps them inside the project where asked to.
struct PathResolver {
  /// The folder that relative paths resolve against, absolute.
  let directory: String
  /// The directory that relative paths must not leave.
  let bound: PathBound
  /// What `~` stands for; nil leaves it as it is.
  let home: String?

  /// The same for files of another folder.
  func at(_ directory: String) -> PathResolver {
    PathResolver(directory: directory, bound: bound, home: home)
  }

  /// Makes the paths of a canonical tree absolute; a build without a context gets this folder, unless another file
  /// may give it one.
  func resolve(_ tree: inout YAMLNode, completing: Bool = true) throws(ComposeError) {
    for kind in ["services", "jobs"] {
      try tree.edit(kind) { (services) throws(ComposeError) in
        try services.editEach { (_, service) throws(ComposeError) in
          if completing { complete(buildOf: &service) }
          try resolve(service: &service)
        }
      }
    }
    for key in ["configs", "secrets"] {
      try tree.edit(key) { (files) throws(ComposeError) in
        try files.editEach { (_, file) throws(ComposeError) in
          try file.edit("file") { (path) throws(ComposeError) in try resolveFile(&path) }
        }
      }
    }
    try tree.edit("volumes") { (volumes) throws(ComposeError) in
      try volumes.editEach { (_, volume) throws(ComposeError) in try resolve(volume: &volume) }
    }
  }

  /// Makes the names of files in lists absolute, so that a list of another file can be laid over them; other ways
  /// of writing the same name count as other files.
  func resolveLists(in tree: inout YAMLNode) throws(ComposeError) {
    func resolve(_ node: inout YAMLNode) throws(ComposeError) {
      guard let text = node.string, !text.isEmpty, !text.hasPrefix("~"), Path.clean(text) == text
      else { return }
      node.content = .string(try absolute(text, at: node.position, isRead: true))
    }
    try tree.edit("services") { (services) throws(ComposeError) in
      try services.editEach { (_, service) throws(ComposeError) in
        try service.edit("env_file") { (files) throws(ComposeError) in
          try files.editItems { (file) throws(ComposeError) in
            try file.edit("path") { (path) throws(ComposeError) in try resolve(&path) }
          }
        }
        try service.edit("label_file") { (files) throws(ComposeError) in
          try files.editItems { (file) throws(ComposeError) in try resolve(&file) }
        }
      }
    }
  }

  private func complete(buildOf service: inout YAMLNode) {
    service.edit("build") { (build: inout YAMLNode) in
      if build.mapping != nil, build["context"] == nil { build.set("context", text: ".") }
    }
  }

  private func resolve(service: inout YAMLNode) throws(ComposeError) {
    try service.edit("build") { (build) throws(ComposeError) in try resolve(build: &build) }
    try service.edit("env_file") { (files) throws(ComposeError) in
      try files.editItems { (file) throws(ComposeError) in
        try file.edit("path") { (path) throws(ComposeError) in try resolveRead(&path) }
      }
    }
    try service.edit("label_file") { (files) throws(ComposeError) in
      try files.editItems { (path) throws(ComposeError) in try resolveRead(&path) }
    }
    try service.edit("extends") { (extends) throws(ComposeError) in
      try extends.edit("file") { (path) throws(ComposeError) in try resolvePath(&path) }
    }
    try service.edit("volumes") { (mounts) throws(ComposeError) in
      try mounts.editItems { (mount) throws(ComposeError) in
        guard mount["type"]?.string == "bind" else { return }
        try mount.edit("source") { (path) throws(ComposeError) in try resolveFile(&path) }
      }
    }
    for option in service["security_opt"]?.sequence ?? [] where bound.refusesPaths {
      try check(option: option)
    }
    try service.edit("pre_start") { (hooks) throws(ComposeError) in
      try hooks.editItems { (hook) throws(ComposeError) in try resolve(service: &hook) }
    }
    try service.edit("develop") { (develop) throws(ComposeError) in
      try develop.edit("watch") { (rules) throws(ComposeError) in
        try rules.editItems { (rule) throws(ComposeError) in
          try rule.edit("path") { (path) throws(ComposeError) in try resolveWatched(&path) }
        }
      }
    }
  }

  /// Throws where a seccomp profile, which is read for the engine, leaves the bound.
  private func check(option: YAMLNode) throws(ComposeError) {
    guard let text = option.string, text.hasPrefix("seccomp=") || text.hasPrefix("seccomp:") else {
      return
    }
    let path = String(text.dropFirst("seccomp=".count))
    if path == "unconfined" || path == "builtin" { return }
    _ = try absolute(path, at: option.position, isRead: true)
  }

  private func resolve(build: inout YAMLNode) throws(ComposeError) {
    try build.edit("context") { (context) throws(ComposeError) in try resolveContext(&context) }
    if let dockerfile = build["dockerfile"], let name = dockerfile.string, !name.isEmpty,
      let context = build["context"]?.string
    {
      try check(dockerfile: name, in: context, at: dockerfile.position)
    }
    try build.edit("additional_contexts") { (contexts) throws(ComposeError) in
      try contexts.editEach { (_, context) throws(ComposeError) in try resolveContext(&context) }
    }
    try build.edit("ssh") { (keys) throws(ComposeError) in
      try keys.editEach { (_, path) throws(ComposeError) in try resolveFile(&path) }
    }
    for key in ["cache_from", "cache_to"] where bound.refusesPaths {
      for cache in build[key]?.sequence ?? [] { try check(cache: cache) }
    }
  }

  /// Throws where a build's cache in a directory (`type=local,src=…`, `dest=…`) leaves the bound.
  private func check(cache: YAMLNode) throws(ComposeError) {
    // Comma-separated values, any of which may be in quotes; names are the same in upper case.
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

  /// A volume of the local driver that is a mount of a folder.
  private func resolve(volume: inout YAMLNode) throws(ComposeError) {
    guard volume["driver"]?.string == "local", volume["driver_opts"]?["o"]?.string == "bind" else {
      return
    }
    try volume.edit("driver_opts") { (options) throws(ComposeError) in
      try options.edit("device") { (path) throws(ComposeError) in try resolveFile(&path) }
    }
  }

  /// A path; nothing stays nothing.
  private func resolvePath(_ node: inout YAMLNode) throws(ComposeError) {
    guard let text = node.string, !text.isEmpty else { return }
    node.content = .string(try absolute(text, at: node.position))
  }

  /// A path of a file that is read, whatever becomes of the project.
  private func resolveRead(_ node: inout YAMLNode) throws(ComposeError) {
    guard let text = node.string, !text.isEmpty else { return }
    node.content = .string(try absolute(text, at: node.position, isRead: true))
  }

  /// A path, of this system or of Windows.
  private func resolveFile(_ node: inout YAMLNode) throws(ComposeError) {
    guard let text = node.string, !isOfWindows(text) else { return }
    node.content = .string(try absolute(text, at: node.position))
  }

  private func resolveWatched(_ node: inout YAMLNode) throws(ComposeError) {
    try resolvePath(&node)
    if let path = node.string { node.content = .string(Path.withoutFirstLink(path)) }
  }

  private func resolveContext(_ node: inout YAMLNode) throws(ComposeError) {
    guard let text = node.string, !Self.isRemote(text), !text.hasPrefix("service:") else { return }
    try resolvePath(&node)
  }

  /// An absolute path; throws for a relative one that leaves the bound where that is refused, which
  /// for a file that is read is always so if a link leads there.
  func absolute(
    _ path: String, at position: SourcePosition, isRead: Bool = false
  ) throws(ComposeError) -> String {
    if path.hasPrefix("~"), let home { return Path.clean(home + "/" + path.dropFirst()) }
    if path.hasPrefix("/") { return path }
    let resolved = Path.join(directory, path)
    if isRead || bound.refusesPaths { try bound.check(resolved, written: path, at: position) }
    return resolved
  }

  /// Throws where the path of a file that is read leaves the bound and that is refused.
  func check(_ path: String, written: String, at position: SourcePosition?) throws(ComposeError) {
    try bound.check(path, written: written, at: position)
  }

  /// Throws where a Dockerfile's relative path leaves the project.
  private func check(
    dockerfile: String, in context: String, at position: SourcePosition
  ) throws(ComposeError) {
    guard bound.refusesPaths, !dockerfile.hasPrefix("/"), !Self.isRemote(context),
      Path.isInside(context, bound.directory)
    else { return }
    try bound.check(Path.join(context, dockerfile), written: dockerfile, at: position)
  }

  /// True for a context that isn't on this host.
  static func isRemote(_ context: String) -> Bool {
    if context.contains("://") { return true }
    return ["github.com/", "git@"].contains { context.hasPrefix($0) }
  }

  private func isOfWindows(_ path: String) -> Bool {
    path.hasPrefix("\\\\") || (path.first?.isLetter == true && path.dropFirst().hasPrefix(":/"))
      || (path.first?.isLetter == true && path.dropFirst().hasPrefix(":\\"))
  }
}
