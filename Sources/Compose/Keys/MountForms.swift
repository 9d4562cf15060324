import OrderedCollections
import YAML

/// `volumes:` of a service (Compose specification, "volumes").
enum Mounts {
  static let shape = SchemaType.expanding(
    expand, .list(.completing(complete, .fields(keys))))

  private static let keys = ObjectSchema(
    "a mount",
    [
      SchemaProperty("type", .word(types), mapsTo: "Mounts.Type", is: .harmless),
      SchemaProperty("source", .string, mapsTo: "Mounts.Source", is: .hostPath(.write)),
      SchemaProperty("target", .string, mapsTo: "Mounts.Target", is: .harmless),
      SchemaProperty("read_only", .boolean, mapsTo: "Mounts.ReadOnly", is: .harmless),
      SchemaProperty("consistency", .string, mapsTo: "nothing: for desktops", is: .harmless),
      SchemaProperty("bind", .fields(bindKeys), mapsTo: "Mounts.BindOptions", is: .harmless),
      SchemaProperty("volume", .fields(volumeKeys), mapsTo: "Mounts.VolumeOptions", is: .harmless),
      SchemaProperty("tmpfs", .fields(tmpfsKeys), mapsTo: "Mounts.TmpfsOptions", is: .harmless),
      SchemaProperty("image", .fields(imageKeys), mapsTo: "Mounts.ImageOptions", is: .harmless),
    ], required: ["type"])

  private static let types = ["bind", "volume", "tmpfs", "cluster", "npipe", "image"]

  private static let bindKeys = ObjectSchema(
    "`bind`",
    [
      SchemaProperty(
        "selinux", .word(["z", "Z"]), mapsTo: "z or Z in Binds",
        is: .confined("relabels only where bind-mounts permits the path")),
      SchemaProperty(
        "propagation", .string, mapsTo: "BindOptions.Propagation",
        is: .confined("rprivate, private, rslave or slave")),
      SchemaProperty(
        "create_host_path", .boolean, omit: .whenTrue, mapsTo: "BindOptions.CreateMountpoint",
        is: .harmless),
      SchemaProperty(
        "recursive", .word(["enabled", "disabled", "writable", "readonly"]),
        mapsTo: "BindOptions.NonRecursive", is: .harmless),
    ])

  private static let volumeKeys = ObjectSchema(
    "`volume`",
    [
      SchemaProperty(
        "labels", .pairs(.labels, distinct: true), mapsTo: "VolumeOptions.Labels",
        is: .confined("not the executor's own keys")),
      SchemaProperty("nocopy", .boolean, mapsTo: "VolumeOptions.NoCopy", is: .harmless),
      SchemaProperty("subpath", .string, mapsTo: "VolumeOptions.Subpath", is: .harmless),
    ])

  private static let tmpfsKeys = ObjectSchema(
    "`tmpfs`",
    [
      SchemaProperty("size", .bytes(.countOrText), mapsTo: "TmpfsOptions.SizeBytes", is: .harmless),
      SchemaProperty("mode", .integer(.fileMode), mapsTo: "TmpfsOptions.Mode", is: .harmless),
    ])

  private static let imageKeys = ObjectSchema(
    "`image`", [SchemaProperty("subpath", .string, mapsTo: "ImageOptions.Subpath", is: .harmless)])

  private static let propagations: Set = [
    "private", "rprivate", "shared", "rshared", "slave", "rslave",
  ]

  /// Converts `[source:]target[:modes]` to a mapping.
  @Sendable private static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    try node.expandingItems { (item) throws(DiagnosticError) in
      guard let text = item.string else { return item }
      try canonicalizer.budget.take(1, .mounts, at: item.position)
      return try expand(text, at: item.position)
    }
  }

  /// Validates a mount and adds defaults: Docker creates a missing source directory unless the file
  /// forbids it.
  @Sendable private static func complete(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard node.mapping != nil else {
      throw DiagnosticError(
        "a mount must be a string such as \"./data:/data\" or a mapping, not \(node.kind)",
        at: node.position)
    }
    guard node["target"]?.string != nil else {
      throw DiagnosticError("a mount needs a `target`", at: node.position)
    }
    if node["type"]?.string == "bind", node["source"] == nil {
      throw DiagnosticError("a bind mount needs a `source`", at: node.position)
    }
    var mount = node
    mount.edit("bind") { (bind: inout YAMLNode) in
      guard bind.mapping != nil, bind["create_host_path"] == nil else { return }
      bind.set("create_host_path", YAMLNode(.boolean(true), at: bind.position))
    }
    return mount
  }

  private static func expand(
    _ text: String, at position: SourcePosition
  ) throws(DiagnosticError) -> YAMLNode {
    var parts = fields(of: text)
    guard !text.isEmpty, text.utf8.count <= 2 || !parts.contains("") else {
      throw DiagnosticError(
        "`\(text)` is not a mount; write `[source:]target[:modes]`", at: position)
    }
    if text.utf8.count <= 2 { parts = [text] }
    guard parts.count <= 3 else {
      throw DiagnosticError("`\(text)` has too many colons; use the long form", at: position)
    }
    var mount = YAMLNode(mappingAt: position)
    let source = parts.count > 1 ? parts[0] : ""
    let isPath = isPath(source)
    mount.set("type", text: isPath ? "bind" : "volume")
    if !source.isEmpty { mount.set("source", text: source) }
    mount.set("target", text: Path.clean(parts.count > 1 ? parts[1] : parts[0]))
    var bind = YAMLNode(mappingAt: position)
    var hasBind = isPath
    var volume = bind
    var hasVolume = !isPath && text.utf8.count > 2
    if isPath { bind.set("create_host_path", YAMLNode(.boolean(true), at: position)) }
    for mode in parts.count > 2 ? parts[2].split(separator: ",").map(String.init) : [] {
      switch mode {
      case "ro": mount.set("read_only", YAMLNode(.boolean(true), at: position))
      case "rw": mount.remove("read_only")
      case "nocopy":
        volume.set("nocopy", YAMLNode(.boolean(true), at: position))
        hasVolume = true
      case "z", "Z":
        bind.set("selinux", text: mode)
        hasBind = true
      case let mode where propagations.contains(mode):
        bind.set("propagation", text: mode)
        hasBind = true
      // Docker Compose drops unknown modes; they are kept separately for the engine.
      default: mount.set(Self.otherModes, otherModes(of: mount, adding: mode))
      }
    }
    if hasBind { mount.set("bind", bind) }
    if hasVolume { mount.set("volume", volume) }
    return mount
  }

  /// The extension key that carries modes unknown to Compose to the typed model.
  static let otherModes = "x-#modes"

  private static func otherModes(of mount: YAMLNode, adding mode: String) -> YAMLNode {
    let modes = mount[otherModes]?.sequence ?? []
    let added = YAMLNode(.string(mode), at: mount.position)
    return YAMLNode(.sequence(modes + [added]), at: mount.position)
  }

  /// Splits at colons outside `${}`, except after a single letter, which is a Windows drive.
  private static func fields(of text: String) -> [String] {
    var fields: [String] = []
    var field = ""
    var depth = 0
    for character in text {
      if character == "{", depth > 0 || field.last == "$" { depth += 1 }
      if character == "}", depth > 0 { depth -= 1 }
      if character == ":", depth == 0,
        !(field.unicodeScalars.count == 1 && field.first?.isLetter == true)
      {
        fields.append(field)
        field = ""
      } else {
        field.append(character)
      }
    }
    return fields + [field]
  }

  private static func isPath(_ source: String) -> Bool {
    guard let first = source.first else { return false }
    if ".~/".contains(first) || source.hasPrefix("\\\\") { return true }
    return first.isLetter && source.dropFirst().first == ":"
  }
}
