import CDBus

/// One connection to systemd, for use by one thread. Every call has a time limit.
final class DBusConnection {
  private let connection: OpaquePointer
  /// The time limit of a call, in milliseconds.
  private let timeout: Int32

  /// Connects.
  ///
  /// - Parameters:
  ///   - address: a D-Bus address.
  ///   - isBus: whether the address is a bus, which requires registration, or systemd itself.
  ///   - timeout: the time limit of a call, in milliseconds.
  /// - Throws: `SystemdError`.
  init(address: String, isBus: Bool, timeout: Int32) throws(SystemdError) {
    self.timeout = timeout
    var error = DBusError()
    dbus_error_init(&error)
    defer { dbus_error_free(&error) }
    guard let connection = dbus_connection_open_private(address, &error) else {
      throw SystemdError(&error)
    }
    self.connection = connection
    dbus_connection_set_exit_on_disconnect(connection, 0)
    if isBus, dbus_bus_register(connection, &error) == 0 { throw SystemdError(&error) }
  }

  deinit {
    dbus_connection_close(connection)
    dbus_connection_unref(connection)
  }

  /// Whether the other side has kept the connection open.
  var isOpen: Bool { dbus_connection_get_is_connected(connection) != 0 }

  /// Calls a method of systemd.
  ///
  /// - Parameters:
  ///   - path: the path of the object.
  ///   - interface: the interface.
  ///   - method: the method.
  ///   - arguments: the arguments of the method.
  /// - Returns: the arguments of the reply.
  /// - Throws: `SystemdError`: the error of systemd, or of a reply that doesn't arrive in time.
  func call(
    _ path: String, _ interface: String, _ method: String, _ arguments: [DBusValue]
  ) throws(SystemdError) -> [DBusValue] {
    guard
      let message = dbus_message_new_method_call(
        "org.freedesktop.systemd1", path, interface, method)
    else { throw .unsendable }
    defer { dbus_message_unref(message) }
    // Polkit must not ask a user for a password.
    dbus_message_set_allow_interactive_authorization(message, 0)
    var iterator = DBusMessageIter()
    dbus_message_iter_init_append(message, &iterator)
    for argument in arguments { try argument.append(to: &iterator) }
    var error = DBusError()
    dbus_error_init(&error)
    defer { dbus_error_free(&error) }
    guard
      let reply = dbus_connection_send_with_reply_and_block(connection, message, timeout, &error)
    else { throw SystemdError(&error) }
    defer { dbus_message_unref(reply) }
    return DBusValue.arguments(of: reply)
  }
}

extension SystemdError {
  init(_ error: inout DBusError) {
    let name = error.name.map { String(cString: $0) } ?? ""
    let text = error.message.map { String(cString: $0) } ?? ""
    self.init(name: name, text.isEmpty ? name : text)
  }
}
