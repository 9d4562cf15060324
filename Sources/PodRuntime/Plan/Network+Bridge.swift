import Compose
import Glibc
import OrderedCollections
import YAML

extension Network {
  private static let bridgeName = "com.docker.network.bridge.name"

  /// Refuses a bridge with the name of an existing interface of the host: the engine would reuse
  /// the interface, replace its addresses, and not restore it when the network is removed.
  ///
  /// - Throws: `DiagnosticError` with the line of the option.
  func checkBridge() throws(DiagnosticError) {
    guard let name = driverOptions[Self.bridgeName], !name.isEmpty, !name.contains("/"),
      access("/sys/class/net/\(name)", F_OK) == 0
    else { return }
    throw DiagnosticError(
      "the network `\(key)` can't have the bridge '\(name)': this host has an interface of that name, whose addresses "
        + "would be replaced. Use that network as an external one, or choose another name",
      at: locations["driver_opts.\(Self.bridgeName)"] ?? locations["driver_opts"] ?? position)
  }
}
