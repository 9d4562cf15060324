import Compose
import Linux
import YAML

/// Which of the host's paths a policy lets a pod reach.
struct PolicyPaths: Sendable {
  let policy: PodPolicy
  /// The real path of the directory whose files any pod may mount.
  let sandbox: String
  /// The real paths of the engine's sockets.
  private let sockets: [String]
  /// The real paths that `bind-mounts` lists; nil where all are permitted.
  private let roots: [String]?

  /// Resolves the policy's own paths.
  ///
  /// - Parameters:
  ///   - policy: the policy.
  ///   - sandbox: the directory whose files any pod may mount.
  ///   - socket: the engine's unix socket; nil for an engine over TCP.
  init(policy: PodPolicy, sandbox: String, socket: String?) {
    self.policy = policy
    self.sandbox = RealPath.of(sandbox)
    let known = ["/var/run/docker.sock", "/run/docker.sock"] + (socket.map { [$0] } ?? [])
    sockets = known.map(RealPath.of)
    switch policy[.bindMounts] {
    case .everything: roots = nil
    case .only(let listed): roots = listed.map(RealPath.of)
    }
  }

  /// Refuses a path that the policy doesn't open.
  ///
  /// - Parameters:
  ///   - path: an absolute path.
  ///   - position: where the file names it.
  ///   - what: what is done with it, for the error.
  /// - Returns: where it leads, links followed: what is to be used in its place.
  /// - Throws: `ComposeError`.
  @discardableResult
  func check(
    _ path: String, at position: SourcePosition?, as what: String = "bind mount of"
  ) throws(ComposeError) -> String {
    guard path.hasPrefix("/") else {
      // The engine has it start at a directory of its own.
      if roots == nil, policy.allows(.dockerSocket) { return path }
      let permission = roots == nil ? Permission.dockerSocket : .bindMounts
      throw policy.refusal("\(what) \(path), no absolute path,", permission, at: position)
    }
    let real = RealPath.of(path)
    if !policy.allows(.dockerSocket),
      // A directory above a socket holds it too.
      sockets.contains(where: { RealPath.isPath($0, atOrBelow: real) })
    {
      throw policy.refusal("\(path), which holds Docker's socket,", .dockerSocket, at: position)
    }
    if RealPath.isPath(real, atOrBelow: sandbox) { return real }
    if let roots, !roots.contains(where: { RealPath.isPath(real, atOrBelow: $0) }) {
      throw policy.refusal("\(what) \(path)", .bindMounts, real, at: position)
    }
    return real
  }

  /// Whether a path lies in the sandbox, links followed.
  func isInSandbox(_ path: String) -> Bool {
    RealPath.isPath(RealPath.of(path), atOrBelow: sandbox)
  }

  /// Refuses a device that the policy doesn't list.
  ///
  /// - Parameters:
  ///   - path: the device's path.
  ///   - position: where the file names it.
  ///   - what: what the error calls it.
  /// - Throws: `ComposeError`.
  func check(device path: String, at position: SourcePosition?, as what: String)
    throws(ComposeError)
  {
    guard case .only(let listed) = policy[.devices] else { return }
    let real = RealPath.of(path)
    let isPlain = path.hasPrefix("/") && !path.split(separator: "/").contains("..")
    if !isPlain
      || !listed.contains(where: {
        $0.hasPrefix("/") && RealPath.isPath(real, atOrBelow: RealPath.of($0))
      })
    {
      throw policy.refusal(what, .devices, isPlain ? real : nil, at: position)
    }
  }
}
