import Foundation

/// A command can't be started.
package struct SpawnFailed: Error, CustomStringConvertible, Sendable {
  /// The name of the program as given.
  package let program: String
  /// The error of `posix_spawn` or `pipe2`.
  package let code: Int32

  /// The program and the system's error text.
  package var description: String { "\(program): \(String(cString: strerror(code)))" }
}

/// One end of a pipe.
struct FileEnd: Sendable {
  let number: Int32

  func close() { _ = Glibc.close(number) }

  func writeAll(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
      if count == -1, errno == EINTR { continue }
      if count <= 0 { break }
      rest = rest.dropFirst(count)
    }
    close()
  }
}

/// A pipe whose ends no other new process inherits.
struct Pipe {
  let reading: FileEnd
  let writing: FileEnd

  init(for command: Command) throws {
    // A child that exits before it has read its input must not terminate the tests.
    _ = ignoreBrokenPipes
    var ends: [Int32] = [-1, -1]
    guard makePipe(&ends, O_CLOEXEC) == 0 else {
      throw SpawnFailed(program: command.program, code: errno)
    }
    (reading, writing) = (FileEnd(number: ends[0]), FileEnd(number: ends[1]))
  }
}

/// Functions of glibc that are visible in C only with GNU extensions.
private let makePipe = libc(
  "pipe2", as: (@convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32).self)
private let changeDirectory = libc(
  "posix_spawn_file_actions_addchdir_np",
  as: (@convention(c) (
    UnsafeMutablePointer<posix_spawn_file_actions_t>, UnsafePointer<CChar>
  ) -> Int32).self)

private func libc<Function>(_ name: String, as type: Function.Type) -> Function {
  guard let symbol = dlsym(nil, name) else { fatalError("glibc has no \(name)") }
  return unsafeBitCast(symbol, to: type)
}

private let ignoreBrokenPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

/// Starts a command with these descriptors as its standard streams.
///
/// - Returns: The process ID.
/// - Throws: ``SpawnFailed``.
func spawn(_ command: Command, stdin: Int32?, stdout: Int32, stderr: Int32) throws -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  if let stdin {
    posix_spawn_file_actions_adddup2(&actions, stdin, 0)
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
  }
  posix_spawn_file_actions_adddup2(&actions, stdout, 1)
  posix_spawn_file_actions_adddup2(&actions, stderr, 2)
  if let directory = command.directory {
    _ = changeDirectory(&actions, directory)
  }

  // The child starts with default signal handling and no blocked signals, whatever the tests ignore
  // or block.
  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var signals = sigset_t()
  sigemptyset(&signals)
  posix_spawnattr_setsigmask(&attributes, &signals)
  sigfillset(&signals)
  posix_spawnattr_setsigdefault(&attributes, &signals)
  posix_spawnattr_setflags(
    &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

  let environment = ProcessInfo.processInfo.environment
    .merging(command.environment) { $1 }
    .map { "\($0)=\($1)" }
  let arguments = ([command.program] + command.arguments).map { strdup($0) }
  let variables = environment.map { strdup($0) }
  defer { for text in arguments + variables { free(text) } }

  var pid: pid_t = 0
  let code = posix_spawnp(
    &pid, command.program, &actions, &attributes, arguments + [nil], variables + [nil])
  guard code == 0 else { throw SpawnFailed(program: command.program, code: code) }
  return pid
}
