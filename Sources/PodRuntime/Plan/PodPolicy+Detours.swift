import Compose
import OrderedCollections
import YAML

extension PodPolicy {
  /// Refuses other names for what the policy forbids.
  ///
  /// - Parameter project: the project.
  /// - Throws: `ComposeError` with the line that asks.
  func checkDetours(_ project: Project) throws(ComposeError) {
    let start = SourcePosition(file: project.files.first ?? "-", line: 1, column: 1)
    for network in project.networks.values where network.isExternal && !hostNamespaces {
      // Docker's own network of this name is the host's namespace.
      let name = network.name?.value ?? network.key
      if name == "host" || name.hasPrefix("container:") {
        throw refusal(
          "external network \(name)", "host-namespaces", at: network.position ?? start)
      }
    }
    for volume in project.volumes.values where !volume.isExternal {
      try checkOptions(of: volume, at: volume.position ?? start)
    }
    for service in project.services.values.flatMap(\.withPreStart) {
      try checkDevicePaths(of: service)
      try checkSecurityOptions(of: service)
    }
  }

  /// A local volume is whatever mount(8) makes of its options: folders laid over each other, the host's /proc, a bind
  /// mount of a path that only the daemon can resolve.
  private func checkOptions(of volume: Volume, at position: SourcePosition) throws(ComposeError) {
    let options = volume.driverOptions
    guard volume.driver ?? "local" == "local", let device = options["device"],
      bindMounts != .everything || devices != .everything || !dockerSocket
    else { return }
    if (options["o"] ?? "").contains("bind") {
      if device.hasPrefix("/") { return }
      throw refusal("volume device \(device), no absolute path,", "bind-mounts", at: position)
    }
    let kind = (options["type"] ?? "").lowercased()
    if Self.remoteFilesystems.contains(kind) { return }
    if Self.diskFilesystems.contains(kind), device.hasPrefix("/"), !Self.climbs(device) { return }
    throw refusal("volume of type \(kind) from \(device)", "bind-mounts", at: position)
  }

  /// Memory, and other hosts' files: nothing of this one comes with them.
  private static let remoteFilesystems: Set<String> = ["tmpfs", "nfs", "nfs4", "cifs", "smb3"]
  /// Whose contents are their device's alone.
  private static let diskFilesystems: Set<String> = [
    "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "iso9660", "ntfs3", "udf", "vfat", "xfs",
  ]

  private func checkDevicePaths(of service: Service) throws(ComposeError) {
    guard case .only = devices else { return }
    for device in service.devices where Self.climbs(device.value) {
      throw refusal("device \(device.value), no plain path,", "devices", at: device.position)
    }
  }

  private static func climbs(_ path: String) -> Bool {
    path.prefix { $0 != ":" }.split(separator: "/").contains("..")
  }

  /// A profile of one's own, or another type of SELinux, confines as little as its author likes: what isn't known to
  /// confine is refused.
  private func checkSecurityOptions(of service: Service) throws(ComposeError) {
    guard !privileged else { return }
    for option in service.securityOpt {
      let text = option.value.replacing("=", with: ":")
      let isKnown =
        ["no-new-privileges", "no-new-privileges:true"].contains(text)
        || ["apparmor:docker-default", "seccomp:builtin"].contains(text)
        || text.hasPrefix("label:level:")
      if !isKnown {
        throw refusal("security_opt \(option.value)", "privileged", at: option.position)
      }
    }
  }
}
