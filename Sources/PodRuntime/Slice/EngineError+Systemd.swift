import DockerEngine
import PodIdentity

extension EngineError {
  /// Whether the engine's runtime failed by systemd's doing, and may not fail again: systemd was away for a moment, since it
  /// was executed anew; or, on version 1, it has just removed directories that another slice was the last to need.
  var isOfSystemd: Bool {
    if message.contains("/sys/fs/cgroup/"), message.contains("\(PodSlice.prefix).slice"),
      message.contains("no such file or directory")
    {
      return true
    }
    return [
      "failed to connect to dbus", "/run/systemd/private", "/run/dbus/system_bus_socket",
      "dbus: connection closed", "Message recipient disconnected from message bus",
      "Transport endpoint is not connected", "org.freedesktop.DBus.Error.NoReply",
    ].contains { message.contains($0) }
  }
}
