import Glibc
import TestSupport

/// An executor can't be started.
package struct LaunchFailed: Error, CustomStringConvertible, Sendable {
  /// The command of the executor.
  package let command: String
  /// The error of `posix_spawn` or `pipe2`.
  package let code: Int32

  /// The command and the system's error text.
  package var description: String { "start \(command): \(String(cString: strerror(code)))" }
}

/// A process in its own session. It waits at a gate until it has been put into its cgroups, and
/// then executes the executor. src/slave/containerizer/mesos/launch.cpp, `execute`, waits on a pipe
/// in the same way.
struct SpawnedProcess: Sendable {
  let pid: pid_t
  private let gate: Int32

  /// Starts the process up to the gate.
  ///
  /// - Throws: ``LaunchFailed``
  init(
    words wanted: [String], environment: [String: String], sandbox: String,
    user: LaunchOptions.User?
  ) throws {
    _ = ignoreBrokenPipes
    let command = wanted.joined(separator: " ")
    var ends: [Int32] = [0, 0]
    guard GNU.pipe2(&ends, O_CLOEXEC) == 0 else {
      throw LaunchFailed(command: command, code: errno)
    }
    gate = ends[1]
    defer { Glibc.close(ends[0]) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let append = O_WRONLY | O_CREAT | O_APPEND
    // First moved out of the range 0 to 2.
    posix_spawn_file_actions_adddup2(&actions, ends[0], 3)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "\(sandbox)/stdout", append, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, "\(sandbox)/stderr", append, 0o644)
    _ = GNU.closeFrom(&actions, 4)
    _ = GNU.changeDirectory(&actions, sandbox)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    // 0x80 is POSIX_SPAWN_SETSID, which the overlay doesn't declare.
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | 0x80))

    var words = ["/bin/sh", "-c", "read -r go <&3 && exec 3<&- && exec \"$@\"", "sh"]
    if let user {
      words += ["setpriv", "--reuid=\(user.uid)", "--regid=\(user.gid)"]
      words.append(
        user.groups.isEmpty
          ? "--clear-groups" : "--groups=" + user.groups.map(String.init).joined(separator: ","))
      words.append("--")
    }
    words += wanted
    let variables = environment.map { "\($0.key)=\($0.value)" }

    var child: pid_t = 0
    let code = Self.withCStrings(words) { arguments in
      Self.withCStrings(variables) { environment in
        posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments, environment)
      }
    }
    guard code == 0 else {
      Glibc.close(gate)
      throw LaunchFailed(command: command, code: code)
    }
    pid = child
  }

  /// Opens the gate. With `go` false, the process exits without executing the executor.
  func proceed(_ go: Bool = true) {
    if go { _ = Glibc.write(gate, "go\n", 3) }
    Glibc.close(gate)
  }

  /// Waits until the process exits, without reaping it, so that its PID isn't reused.
  ///
  /// - Returns: The exit status. Nil if the process was reaped meanwhile.
  func awaitEnd() -> ExitStatus? {
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1 {
      if errno != EINTR { return nil }
    }
    let status = info._sifields._sigchld.si_status
    return info.si_code == 1 ? .exited(status) : .signaled(status)
  }

  func reap() {
    var status: Int32 = 0
    while waitpid(pid, &status, 0) == -1, errno == EINTR {}
  }

  private static func withCStrings<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
  }
}

/// A process that exits at its gate must not terminate the tests.
private let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()
