import Compose
import DockerEngine
import Glibc
import YAML

extension ContainerPlan {
  /// Explains which device or privilege the task's devices cgroup forbids, if that is why a start
  /// failed. On cgroup version 1 the kernel refuses a child what its parent doesn't have. On
  /// version 2 it refuses only the opening of a device.
  func devicesRefusal(_ message: String) -> DiagnosticError? {
    guard message.contains("devices.allow: operation not permitted") else { return nil }
    let (kind, numbers) = Self.rule(in: message) ?? ("", "")
    let reason = "is forbidden by the devices cgroup of the task (the agent's --allowed_devices)"
    if kind == "a", let privileged = service.privileged {
      return DiagnosticError(
        "'privileged' of service '\(service.name)' \(reason)", at: privileged.position)
    }
    for device in service.devices {
      let path = String(device.value.prefix { $0 != ":" })
      if Self.device(path) == "\(kind) \(numbers)" {
        return DiagnosticError(
          "device \(path) of service '\(service.name)' \(reason)", at: device.position)
      }
    }
    return DiagnosticError(
      "access of service '\(service.name)' to device '\(kind) \(numbers)' \(reason)",
      at: service.position)
  }

  /// The kind and the numbers of the rule in `failed to write "c 10:229 rwm"`; nil if there is
  /// none.
  private static func rule(in message: String) -> (kind: String, numbers: String)? {
    guard let words = message.firstRange(of: "failed to write \"") else { return nil }
    let rule = message[words.upperBound...].prefix { $0 != "\"" }.split(separator: " ")
    guard rule.count == 3, ["a", "b", "c"].contains(rule[0]) else { return nil }
    return (String(rule[0]), String(rule[1]))
  }

  /// A device in the format of devices cgroups, such as `c 10:229`; nil if it doesn't exist.
  private static func device(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let kind = status.st_mode & S_IFMT == S_IFBLK ? "b" : "c"
    let number = UInt64(status.st_rdev)
    // The bits of glibc's `major` and `minor`, which are macros.
    let major = (number >> 8) & 0xfff | (number >> 32) & ~0xfff
    let minor = number & 0xff | (number >> 12) & ~0xff
    return "\(kind) \(major):\(minor)"
  }
}
