import DockerEngine
import PodIdentity

extension EngineError {
  /// Whether systemd caused the failure of the engine's runtime, so that a retry may succeed:
  /// systemd was unreachable while it re-executed itself or, with cgroup version 1, it has just
  /// removed directories whose last user was another slice.
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
