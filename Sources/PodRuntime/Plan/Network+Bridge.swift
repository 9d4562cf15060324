import Compose
import Glibc
import OrderedCollections
import YAML

extension Network {
  private static let bridgeName = "com.docker.network.bridge.name"

  /// Refuses a bridge whose name an interface of the host has already: the engine would take it
  /// over, replace its addresses, and leave it so when the network is removed.
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
