import Compose
import Glibc
import OrderedCollections
import YAML

extension Network {
  private static let bridgeName = "com.docker.network.bridge.name"

  /// Refuses a bridge with the name of an existing interface of the host: the engine would reuse
  /// the interface, replace its addresses, and not restore it when the network is removed.
  ///
  /// - Throws: `ComposeError` with the line of the option.
  func checkBridge() throws(ComposeError) {
    guard let name = driverOptions[Self.bridgeName], !name.isEmpty, !name.contains("/"),
      access("/sys/class/net/\(name)", F_OK) == 0
    else { return }
    throw ComposeError(
      "the network `\(key)` can't have the bridge '\(name)': this host has an interface of that name, whose addresses "
        + "would be replaced. Use that network as an external one, or choose another name",
      at: places["driver_opts.\(Self.bridgeName)"] ?? places["driver_opts"] ?? position)
  }
}
