import DockerEngine

extension EngineError {
  /// Whether the engine's runtime found no systemd, which is away for a moment while it is executed anew.
  var isWithoutSystemd: Bool {
    [
      "failed to connect to dbus", "/run/systemd/private", "/run/dbus/system_bus_socket",
      "dbus: connection closed", "Message recipient disconnected from message bus",
      "Transport endpoint is not connected", "org.freedesktop.DBus.Error.NoReply",
    ].contains { message.contains($0) }
  }
}
