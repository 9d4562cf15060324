import Cgroups
import Glibc
import PodIdentity
import Linux

/// The flags that this program needs in a container and that are missing (docs/operate.md,
/// "Run pod-reaper in a container").
struct ForgottenFlags: Sendable {
  /// The engine's socket; nil over TCP.
  var engineSocket: String?
  var runDirectory: String
  var leaseSocket: String
  var stateDirectory: String

  /// The parts of the host that are visible to this process.
  struct View {
    var mountinfo: String
    var processTableFailure: String?
    var cgroupFault: CgroupTreeFault?
    var machineID: String?
    var hasEngineSocket: Bool
  }

  /// Checks this process.
  ///
  /// - Parameter environment: the environment. `container` in it identifies a container (systemd's
  ///   container interface); the image sets it.
  /// - Returns: one line per missing flag; none outside of a container.
  func lines(environment: [String: String]) -> [String] {
    guard environment["container"]?.isEmpty == false else { return [] }
    let view = View(
      mountinfo: (try? TextFile.text("/proc/self/mountinfo")) ?? "",
      processTableFailure: ProcessTableCheck.failure(), cgroupFault: .current(),
      machineID: HostIdentity.current().machineID,
      hasEngineSocket: engineSocket.map { access($0, F_OK) == 0 } ?? true)
    return lines(view)
  }

  /// Checks the visible parts of the host.
  func lines(_ view: View) -> [String] {
    var lines: [String] = []
    func lacks(_ flag: String, _ consequence: String) {
      lines.append("this container lacks \(flag): \(consequence)")
    }
    if let failure = view.processTableFailure {
      lacks("--pid host", "\(failure), so every pod stays undecided")
    }
    if let engineSocket, !view.hasEngineSocket {
      lacks("--volume \(engineSocket):\(engineSocket)", "no engine can be reached")
    }
    if let fault = view.cgroupFault {
      let flag =
        if case .namespace = fault { "--cgroupns host" } else {
          "--volume /sys/fs/cgroup:/sys/fs/cgroup"
        }
      let doubt =
        fault.hidesCgroups ? ", and a pod whose executor's pid isn't known stays undecided" : ""
      lacks(flag, "\(fault), so no cgroup is removed\(doubt)")
    }
    for directory in Set([runDirectory, Self.directory(of: leaseSocket)]).sorted()
    where !Self.isMounted(directory, view.mountinfo) {
      lacks("--volume \(directory):\(directory)", "no executor can lease, and no hook can notify")
    }
    if !Self.isMounted(HostDirectory.path, view.mountinfo) {
      lacks(
        "--volume \(HostDirectory.path):\(HostDirectory.path)",
        "which images executors use isn't known, so image care removes none, and control sockets of dead executors stay"
      )
    }
    if !Self.isMounted(stateDirectory, view.mountinfo) {
      lacks(
        "--volume \(stateDirectory):\(stateDirectory)",
        "the journal and pending removals are lost with the container")
    }
    if view.machineID == nil {
      lacks(
        "--volume /etc/machine-id:/etc/machine-id:ro", "a pod of an earlier boot stays undecided")
    }
    return lines
  }

  /// Whether this is a container without access to the image leases of executors.
  ///
  /// - Parameter environment: as for `lines(environment:)`.
  /// - Returns: true if it is.
  static func lacksLeases(environment: [String: String]) -> Bool {
    environment["container"]?.isEmpty == false
      && !isMounted(
        HostDirectory.path, (try? TextFile.text("/proc/self/mountinfo")) ?? "")
  }

  private static func directory(of path: String) -> String {
    "/" + path.split(separator: "/").dropLast().joined(separator: "/")
  }

  /// Whether a directory or one of its parents is a mount point: the container's root isn't the
  /// host's.
  private static func isMounted(_ directory: String, _ mountinfo: String) -> Bool {
    mountinfo.split(separator: "\n").contains { line in
      let fields = line.split(separator: " ")
      guard fields.count > 4, fields[4] != "/" else { return false }
      return (directory + "/").hasPrefix(fields[4] + "/")
    }
  }
}
