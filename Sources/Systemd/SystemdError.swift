/// Why systemd didn't do what it was asked for.
public struct SystemdError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The D-Bus error's name, such as `org.freedesktop.systemd1.NoSuchUnit`; empty where there is none.
  public let name: String
  /// What is wrong, in words.
  public let description: String

  init(name: String = "", _ description: String) {
    self.name = name
    self.description = description
  }

  /// The same, where systemd itself isn't there to answer.
  var absence: SystemdError { SystemdError(name: Self.absent, description) }

  /// systemd isn't there, or has gone while it was asked.
  var isAbsence: Bool { name == Self.absent || name == "org.freedesktop.DBus.Error.Disconnected" }

  private static let absent = "absent"

  static let unsendable = SystemdError("a value can't be sent over D-Bus")

  /// There is no such unit.
  public var isMissing: Bool { name == "org.freedesktop.systemd1.NoSuchUnit" }
  /// A unit of this name runs already.
  public var isExisting: Bool { name == "org.freedesktop.systemd1.UnitExists" }
  /// This user may not do it.
  public var isDenied: Bool {
    [
      "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.AuthFailed",
      "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
    ].contains(name)
  }
  /// systemd, or this release of it, has no such method or property.
  var isUnknown: Bool {
    [
      "org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownProperty",
      "org.freedesktop.DBus.Error.PropertyReadOnly",
    ].contains(name)
  }
}
