import Compose
import YAML

/// The GPUs that one container requests: `gpus:`, and the reserved devices with the capability
/// `gpu` (Compose specification, "gpus"; Compose Deploy specification, "devices").
package struct GPUs: Sendable, Equatable {
  /// The number of GPUs without an ID.
  package var count: Int64 = 0
  /// The GPUs with an ID; containers that name the same ID share the GPU.
  package var named: Set<String> = []
  /// True if all GPUs of the host are requested; the file doesn't define their number.
  package var asksForAll = false

  /// Counts the GPUs that a service requests.
  init(_ resources: Resources) throws(DiagnosticError) {
    for need in resources.gpus { try add(need) }
    for need in resources.reservedDevices where need.value.capabilities.contains("gpu") {
      try add(need)
    }
  }

  private mutating func add(_ need: Located<DeviceNeed>) throws(DiagnosticError) {
    guard let requested = need.value.count else {
      named.formUnion(need.value.ids.map { "\(need.value.driver ?? "")/\($0)" })
      return
    }
    guard (-1...1_000_000).contains(requested) else {
      throw DiagnosticError("the number of GPUs can't be \(requested)", at: need.position)
    }
    if requested == -1 { asksForAll = true } else { count += requested }
  }
}
