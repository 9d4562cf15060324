/// Why a request to systemd failed.
package struct SystemdError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The name of the D-Bus error, such as `org.freedesktop.systemd1.NoSuchUnit`; empty if there is
  /// none.
  package let name: String
  /// The description of the error.
  package let description: String

  init(name: String = "", _ description: String) {
    self.name = name
    self.description = description
  }

  /// The same error, marked as the absence of systemd.
  var absence: SystemdError { SystemdError(name: Self.absent, description) }

  /// Whether systemd isn't running, or closed the connection during the request.
  var isAbsence: Bool { name == Self.absent || name == "org.freedesktop.DBus.Error.Disconnected" }

  private static let absent = "absent"

  static let unsendable = SystemdError("a value can't be sent over D-Bus")

  /// Whether the unit doesn't exist.
  package var isMissing: Bool { name == "org.freedesktop.systemd1.NoSuchUnit" }
  /// Whether a unit of this name exists already.
  package var isExisting: Bool { name == "org.freedesktop.systemd1.UnitExists" }
  /// Whether this user lacks the permission.
  package var isDenied: Bool {
    [
      "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.AuthFailed",
      "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
    ].contains(name)
  }
  /// Whether this version of systemd lacks the method or property.
  var isUnknown: Bool {
    [
      "org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownProperty",
      "org.freedesktop.DBus.Error.PropertyReadOnly",
    ].contains(name)
  }
}
