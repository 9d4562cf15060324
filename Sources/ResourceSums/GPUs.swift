import Compose
import YAML

/// The GPUs that one container requests: `gpus:`, and the reserved devices with the capability
/// `gpu` (Compose specification, "gpus"; Compose Deploy specification, "devices").
public struct GPUs: Sendable, Equatable {
  /// The number of GPUs without an ID.
  public var count: Int64 = 0
  /// The GPUs with an ID; containers that name the same ID share the GPU.
  public var named: Set<String> = []
  /// True if all GPUs of the host are requested; the file doesn't define their number.
  public var asksForAll = false

  /// Counts the GPUs that a service requests.
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
      throw ComposeError("the number of GPUs can't be \(asked)", at: need.position)
    }
    if asked == -1 { asksForAll = true } else { count += asked }
  }
}
