/// A loaded unit, as listed by systemd.
package struct SystemdUnit: Sendable, Equatable {
  /// The unit's name, such as `docker-….scope`.
  package let name: String
  /// The unit's description.
  package let description: String
  /// `active`, `inactive`, `failed`, `activating`, `deactivating` or `reloading`.
  package let activeState: String
  /// The D-Bus object of the unit.
  let path: String

  /// - Parameter entry: one element of the list. The result is nil if it is malformed.
  init?(_ entry: DBusValue) {
    guard let fields = entry.elements, fields.count > 6, let name = fields[0].text,
      let description = fields[1].text, let state = fields[3].text, let path = fields[6].text
    else { return nil }
    self.name = name
    self.description = description
    self.activeState = state
    self.path = path
  }

  /// Whether a name matches a pattern whose only special character is `*`.
  static func matches(_ name: String, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return name == pattern }
    var rest = Substring(name)
    guard rest.hasPrefix(parts[0]), name.utf8.count >= pattern.utf8.count - parts.count + 1 else {
      return false
    }
    rest.removeFirst(parts[0].count)
    for part in parts.dropFirst().dropLast() {
      guard let location = rest.firstRange(of: part) else { return false }
      rest = rest[location.upperBound...]
    }
    return rest.hasSuffix(parts[parts.count - 1])
  }
}

/// A property of a unit, by its D-Bus name (systemd.resource-control(5)).
package struct UnitProperty: Sendable, Equatable {
  /// The property's name.
  package let name: String
  let value: DBusValue

  private init(_ name: String, _ value: DBusValue) {
    self.name = name
    self.value = value
  }

  /// A property with a text value.
  package static func text(_ name: String, _ text: String) -> UnitProperty {
    UnitProperty(name, .string(text))
  }

  /// A property with a numeric value: bytes, microseconds or tasks. `UInt64.max` means no limit.
  package static func number(_ name: String, _ number: UInt64) -> UnitProperty {
    UnitProperty(name, .unsigned(number))
  }

  /// A property with a Boolean value.
  package static func flag(_ name: String, _ flag: Bool) -> UnitProperty {
    UnitProperty(name, .boolean(flag))
  }

  /// A property whose value is a set of processors or memory nodes, as a bit mask.
  package static func set(_ name: String, _ members: Set<Int>) -> UnitProperty {
    var bytes = [UInt8](repeating: 0, count: (members.max() ?? -8) / 8 + 1)
    for member in members where member >= 0 { bytes[member / 8] |= 1 << (member % 8) }
    return UnitProperty(name, .bytes(bytes))
  }

  /// The `DeviceAllow` property: the permitted devices, each with an access of `r`, `w` and `m`.
  package static func devices(_ devices: [(node: String, access: String)]) -> UnitProperty {
    UnitProperty(
      "DeviceAllow",
      .array(of: "(ss)", devices.map { .structure([.string($0.node), .string($0.access)]) }))
  }
}

extension DBusValue {
  static func properties(_ properties: [UnitProperty]) -> DBusValue {
    .array(
      of: "(sv)", properties.map { .structure([.string($0.name), .variant($0.value)]) })
  }
}
