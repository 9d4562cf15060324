@testable import Compose

/// A key of the schema, with its path.
struct KeyRow {
  let path: String
  let key: SchemaProperty

  /// The path in the notation of attacks.
  var attackName: String {
    var name = path.replacing("[]", with: "")
    for prefix in ["services.*.", ""] where name.hasPrefix(prefix) {
      name = String(name.dropFirst(prefix.count))
      break
    }
    for top in ["networks", "volumes", "secrets", "configs"] where path.hasPrefix(top + ".*.") {
      name = top + "." + name.dropFirst(top.count + 3)
    }
    return name
  }

  static let all = rows(of: TopLevelKeys.table, under: "")

  private static func rows(of table: ObjectSchema, under prefix: String) -> [KeyRow] {
    table.keys.flatMap { key -> [KeyRow] in
      let path = prefix + key.name
      // Jobs are never run. An entry of pre_start has the keys of a service.
      let isInner = path != "jobs" && path != "services.*.pre_start" && key.isSupported
      return [KeyRow(path: path, key: key)] + (isInner ? rows(in: key.shape, under: path) : [])
    }
  }

  private static func rows(in shape: SchemaType, under path: String) -> [KeyRow] {
    switch shape {
    case .fields(let table): rows(of: table, under: path + ".")
    case .names(let inner, _): rows(in: inner, under: path + ".*")
    case .list(let inner): rows(in: inner, under: path)
    case .expanding(_, let inner), .completing(_, let inner), .optional(let inner),
      .either(_, let inner):
      rows(in: inner, under: path)
    default: []
    }
  }
}
