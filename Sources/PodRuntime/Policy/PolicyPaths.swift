import Compose
import Linux
import YAML

/// The host paths that a policy allows a pod to use.
struct PolicyPaths: Sendable {
  let policy: PodPolicy
  /// The real path of the directory whose files any pod may mount.
  let sandbox: String
  /// The real paths of the engine's sockets.
  private let sockets: [String]
  /// The real path of the executors' control sockets, whose users can stop any pod.
  private let controls: String
  /// The paths in `bind-mounts`; nil if all are allowed.
  private let roots: [Root]?

  /// A listed path; `PATH:ro` is read-only.
  private struct Root: Sendable {
    let path: String
    let isReadOnly: Bool

    init(_ word: String) {
      isReadOnly = word.hasSuffix(":ro")
      path = RealPath.of(isReadOnly ? String(word.dropLast(3)) : word)
    }
  }

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
    controls = RealPath.of(HostDirectory.path)
    switch policy[.bindMounts] {
    case .everything: roots = nil
    case .only(let listed): roots = listed.map(Root.init)
    }
  }

  /// Refuses a path that the policy doesn't allow.
  ///
  /// - Parameters:
  ///   - path: an absolute path.
  ///   - position: the path's position in the file.
  ///   - what: the use of the path, for the error.
  ///   - isWritten: whether it can be written to.
  /// - Returns: the path with links resolved, to be used instead.
  /// - Throws: `DiagnosticError`.
  @discardableResult
  func check(
    _ path: String, at position: SourcePosition?, as what: String = "bind mount of",
    isWritten: Bool = false
  ) throws(DiagnosticError) -> String {
    guard path.utf8.count <= RealPath.longest, !path.hidesDelimiter else {
      throw policy.refusal("\(what) a path with a hidden delimiter", nil, at: position)
    }
    guard path.hasPrefix("/") else {
      // The engine resolves it relative to a directory of its own.
      if roots == nil, policy.allows(.dockerSocket) { return path }
      let permission = roots == nil ? Permission.dockerSocket : .bindMounts
      throw policy.refusal("\(what) \(path), which is not absolute,", permission, at: position)
    }
    let real = RealPath.of(path)
    if !policy.allows(.dockerSocket),
      // A directory above a socket contains it too.
      sockets.contains(where: { RealPath.isPath($0, atOrBelow: real) })
    {
      throw policy.refusal("\(path), which contains Docker's socket,", .dockerSocket, at: position)
    }
    if !policy.allows(.dockerSocket),
      RealPath.isPath(controls, atOrBelow: real) || RealPath.isPath(real, atOrBelow: controls)
    {
      throw policy.refusal(
        "\(path), which contains executors' control sockets,", .dockerSocket, at: position)
    }
    if RealPath.isPath(real, atOrBelow: sandbox) { return real }
    guard let roots else { return real }
    let found = roots.filter { RealPath.isPath(real, atOrBelow: $0.path) }
    if found.isEmpty { throw policy.refusal("\(what) \(path)", .bindMounts, real, at: position) }
    if isWritten, found.allSatisfy(\.isReadOnly) {
      throw policy.refusal("\(what) \(path) that isn't read-only", .bindMounts, real, at: position)
    }
    return real
  }

  /// Whether a path is in the sandbox, with links resolved.
  func isInSandbox(_ path: String) -> Bool {
    RealPath.isPath(RealPath.of(path), atOrBelow: sandbox)
  }

  /// Refuses a device that the policy doesn't list.
  ///
  /// - Parameters:
  ///   - path: the device's path.
  ///   - position: the path's position in the file.
  ///   - what: its description in the error.
  /// - Returns: the path with links resolved, to be used instead.
  /// - Throws: `DiagnosticError`.
  @discardableResult
  func check(
    device path: String, at position: SourcePosition?, as what: String
  ) throws(DiagnosticError) -> String {
    guard case .only(let listed) = policy[.devices] else { return path }
    let real = RealPath.of(path)
    let isPlain =
      path.hasPrefix("/") && !path.hidesDelimiter
      && !RealPath.components(of: path).contains("..")
    if !isPlain
      || !listed.contains(where: {
        $0.hasPrefix("/") && RealPath.isPath(real, atOrBelow: RealPath.of($0))
      })
    {
      throw policy.refusal(what, .devices, isPlain ? real : nil, at: position)
    }
    return real
  }
}

extension String {
  /// Whether a byte that the kernel, the engine or the docker command treats as a separator is part
  /// of a longer character, such as a slash with a combining mark. They split such a text
  /// differently from Swift.
  var hidesDelimiter: Bool {
    contains { character in
      character.utf8.count > 1
        && character.utf8.contains { $0 < 0x80 && !(0x30...0x39).contains($0) && !isLetter($0) }
    }
  }
}

private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
