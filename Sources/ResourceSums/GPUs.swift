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
  public var asksForAll = false

  /// Counts what a service asks for.
  init(_ resources: Resources) throws(ComposeError) {
    for need in resources.gpus { try add(need) }
    for need in resources.reservedDevices where need.value.capabilities.contains("gpu") {
      try add(need)
    }
  }

  private mutating func add(_ need: Located<DeviceNeed>) throws(ComposeError) {
    guard let asked = need.value.count else {
      named.formUnion(need.value.ids.map { "\(need.value.driver ?? "")/\($0)" })
      return
    }
    guard (-1...1_000_000).contains(asked) else {
      throw ComposeError("there can't be \(asked) GPUs", at: need.position)
    }
    if asked == -1 { asksForAll = true } else { count += asked }
  }
}
