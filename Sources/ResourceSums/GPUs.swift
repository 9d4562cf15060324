import Compose
import YAML

/// The graphics processors that one container asks for: `gpus:`, and the devices that its deployment reserves with the
/// capability `gpu` (Compose specification, "gpus"; Compose Deploy specification, "devices").
public struct GPUs: Sendable, Equatable {
  /// Any so many.
  public var count: Int64 = 0
  /// Those of these names, of which all containers that name them share one each.
  public var named: Set<String> = []
  /// Where all of a host's are asked for, a number that a file doesn't tell.
  public var all: SourcePosition?

  /// Reads a service of the canonical tree.
  init(_ node: YAMLNode) throws(ComposeError) {
    for request in node["gpus"]?.sequence ?? [] { try add(request) }
    let reserved = node["deploy"]?["resources"]?["reservations"]?["devices"]?.sequence ?? []
    for request in reserved {
      let capabilities = (request["capabilities"]?.sequence ?? []).compactMap(\.string)
      if capabilities.contains("gpu") { try add(request) }
    }
  }

  private mutating func add(_ request: YAMLNode) throws(ComposeError) {
    if let names = request["device_ids"]?.sequence {
      let driver = request["driver"]?.string ?? ""
      named.formUnion(names.compactMap(\.string).map { "\(driver)/\($0)" })
      return
    }
    let asked = request["count"]?.integer ?? -1
    guard (-1...1_000_000).contains(asked) else {
      throw ComposeError(
        "there can't be \(asked) GPUs", at: request["count"]?.position ?? request.position)
    }
    if asked == -1 {
      all = request["count"]?.position ?? request.position
    } else {
      count += asked
    }
  }
}
