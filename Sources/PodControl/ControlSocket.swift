import Linux
import PodIdentity

/// The name of an executor's control socket: the run, the executor's process ID and its start time.
package struct ControlSocket: Sendable, Hashable {
  /// The directory in which executors create their sockets. It is a constant because the
  /// environment may be the task's under Mesos.
  package static let standardDirectory = "\(HostDirectory.path)/control"

  /// The directory that holds the socket.
  package let directory: String
  /// The file's name.
  package let name: String
  /// The executor's process ID on the host; nil where the executor cannot know it.
  package let pid: Int32?
  /// The start time of the executor's process in clock ticks since boot; nil where the executor
  /// cannot know it.
  package let startTime: UInt64?

  /// The longest part of a run in a name, in bytes. The kernel accepts paths of 107 bytes
  /// (unix(7)).
  private static let longestRun = 48

  /// The socket of the executor of a run.
  ///
  /// - Parameters:
  ///   - run: Mesos' container ID, or its replacement outside Mesos.
  ///   - incarnation: the executor's process.
  ///   - directory: the directory of all sockets.
  package init(
    run: String, incarnation: Incarnation, directory: String = ControlSocket.standardDirectory
  ) {
    self.directory = directory
    (pid, startTime) = (incarnation.pid, incarnation.startTime)
    name = "\(Self.word(run)).\(pid ?? 0).\(startTime ?? 0)"
  }

  /// The socket of the executor of a pod.
  ///
  /// - Parameters:
  ///   - identity: the identity that the labels of the pod contain.
  ///   - directory: the directory of all sockets.
  package init(_ identity: PodIdentity, directory: String = ControlSocket.standardDirectory) {
    self.init(run: identity.run, incarnation: identity.incarnation, directory: directory)
  }

  /// Parses the name of a file. The result is nil where the name has another form.
  ///
  /// - Parameters:
  ///   - name: the name of the file.
  ///   - directory: the directory that contains the file.
  package init?(name: String, directory: String = ControlSocket.standardDirectory) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 3, !name.contains("/"), !parts[..<(parts.count - 2)].allSatisfy(\.isEmpty),
      let pid = Int32(parts[parts.count - 2]), pid >= 0,
      let startTime = UInt64(parts[parts.count - 1]),
      name.hasSuffix(".\(pid).\(startTime)")
    else { return nil }
    self.directory = directory
    self.name = name
    self.pid = pid > 0 ? pid : nil
    self.startTime = pid > 0 ? startTime : nil
  }

  /// The sockets of a directory in the order of their names; none where the directory cannot be
  /// read.
  ///
  /// - Parameter directory: the directory of all sockets.
  /// - Returns: the sockets, whether or not an executor listens on them.
  package static func all(in directory: String = ControlSocket.standardDirectory) -> [ControlSocket]
  {
    let names = (try? Directory.names(of: directory)) ?? []
    return names.sorted().compactMap { ControlSocket(name: $0, directory: directory) }
  }

  /// The file's path.
  package var path: String { "\(directory)/\(name)" }

  /// Whether the process table proves that the executor's process has exited.
  package var isAbandoned: Bool {
    let owner = Incarnation(bootID: nil, pid: pid, startTime: startTime)
    if case .gone? = owner.inspect() { return true }
    return false
  }

  /// The form of a run in a name. A long run is truncated, and a hash of the whole run makes it
  /// unique. A run from a label may not be a valid path component: then only the hash is used, so
  /// that the name cannot lead outside the directory.
  private static func word(_ run: String) -> String {
    let isComponent = IDCheck.problem(run) == nil
    if isComponent, run.utf8.count <= longestRun { return run }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in run.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    var head = ""
    for scalar in run.unicodeScalars where isComponent {
      if head.utf8.count + UTF8.width(scalar) > longestRun - 17 { break }
      head.unicodeScalars.append(scalar)
    }
    return "\(head)~\(String(hash, radix: 16))"
  }
}
