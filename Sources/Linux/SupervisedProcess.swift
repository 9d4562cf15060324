import CLinux
import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// A program on the host that is killed together with all its descendants when this process exits,
/// even if this process is killed.
package struct SupervisedProcess: Sendable {
  /// How a program exited.
  package enum Ending: Sendable, Equatable {
    /// It exited with this code.
    case exited(Int32)
    /// It was killed by this signal.
    case signaled(Int32)
  }

  /// The program's path, or a name that is searched for in the PATH of `environment`.
  let program: String
  /// The arguments, without the program's name.
  let arguments: [String]
  /// The environment variables.
  let environment: [String: String]
  /// The working directory.
  let directory: String

  /// Describes a program without starting it.
  ///
  /// - Parameters:
  ///   - program: the program's path, or a name that is searched for in the PATH of `environment`.
  ///   - arguments: the arguments, without the program's name.
  ///   - environment: the environment variables.
  ///   - directory: the working directory.
  package init(
    _ program: String, _ arguments: [String], environment: [String: String], directory: String
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
  }

  /// Runs the program until it exits or the time limit passes, then kills its remaining
  /// descendants.
  ///
  /// - Parameters:
  ///   - limit: the time limit; nil for none. Cancellation of the task also kills the program.
  ///   - input: its standard input; nil for /dev/null.
  ///   - output: its standard output; nil for /dev/null.
  ///   - error: its standard error; nil for /dev/null.
  /// - Returns: how it exited; nil if the time limit passed.
  /// - Throws: `Errno` if it can't be started, `CancellationError`.
  package func run(
    within limit: Duration?, input: FileDescriptor? = nil, output: FileDescriptor? = nil,
    error: FileDescriptor? = nil
  ) async throws -> Ending? {
    try Task.checkCancellation()
    let lifeline = ControlPipe()
    return try await withTaskCancellationHandler {
      let clock = Task {
        guard let limit else { return }
        try await Task.sleep(for: limit)
        lifeline.cut()
      }
      defer { clock.cancel() }
      let ending = try await ending(lifeline, files: [input, output, error])
      try Task.checkCancellation()
      return lifeline.isCut ? nil : ending
    } onCancel: {
      lifeline.cut()
    }
  }

  /// Runs the program until it exits, and reads its output.
  ///
  /// - Parameter input: the text of its standard input.
  /// - Returns: how it exited, and the last 64 KiB of its standard output and of its standard
  ///   error.
  /// - Throws: `Errno` if it can't be started, `CancellationError`.
  package func texts(input: String) async throws -> (Ending?, output: String, error: String) {
    let files = try UnlinkedFiles(input: input)
    defer { files.close() }
    let ending = try await run(
      within: nil, input: files.input, output: files.output, error: files.error)
    return (ending, try UnlinkedFile.text(of: files.output), try UnlinkedFile.text(of: files.error))
  }

  /// Waits on a separate thread, because `linux_wait_program` blocks and must run on the thread
  /// that called `linux_start_program`.
  private func ending(_ lifeline: ControlPipe, files: [FileDescriptor?]) async throws -> Ending {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "program").async {
        continuation.resume(
          with: Result { try wait(lifeline, files: files) })
      }
    }
  }

  private func wait(_ lifeline: ControlPipe, files: [FileDescriptor?]) throws -> Ending {
    let nothing = try FileDescriptor.open("/dev/null", .readWrite, options: .closeOnExec)
    defer { try? nothing.close() }
    var process: pid_t = 0
    var life: Int32 = -1
    let result = withPointers { program in
      program.input = (files[0] ?? nothing).rawValue
      program.output = (files[1] ?? nothing).rawValue
      program.error = (files[2] ?? nothing).rawValue
      return linux_start_program(&program, &process, &life)
    }
    guard result >= 0 else { throw Errno(rawValue: errno) }
    lifeline.take(life)
    defer { lifeline.close() }
    var status: Int32 = 0
    let error = linux_wait_program(process, result, &status)
    guard error == 0 else { throw Errno(rawValue: error) }
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .signaled(signal)
  }

  private func withPointers(_ start: (inout linux_program) -> Int32) -> Int32 {
    var words = ([path] + arguments).map { strdup($0) }
    var variables = environment.map { strdup("\($0.key)=\($0.value)") }
    defer { for text in words + variables { free(text) } }
    words.append(nil)
    variables.append(nil)
    return directory.withCString { directory in
      words.withUnsafeBufferPointer { words in
        variables.withUnsafeBufferPointer { variables in
          var program = linux_program()
          program.directory = directory
          program.arguments = words.baseAddress
          program.environment = variables.baseAddress
          return start(&program)
        }
      }
    }
  }

  /// The program's path. A name that isn't in PATH is passed on as it is, so that the kernel
  /// reports the error.
  private var path: String {
    if program.contains("/") { return program }
    let directories = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return directories.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 } ?? program
  }
}

/// The descriptor that keeps a program alive: the program is killed when it is closed, explicitly
/// or by the exit of this process.
private final class ControlPipe: Sendable {
  private struct State {
    var descriptor: Int32?
    var isCut = false
  }
  private let state = Mutex(State())

  /// Whether the program was killed by `cut()`.
  var isCut: Bool { state.withLock { $0.isCut } }

  /// Stores a program's descriptor, or closes it at once if `cut()` was called already.
  func take(_ descriptor: Int32) {
    state.withLock {
      if $0.isCut { Glibc.close(descriptor) } else { $0.descriptor = descriptor }
    }
  }

  /// Kills the program.
  func cut() {
    state.withLock {
      $0.isCut = true
      Self.close(&$0)
    }
  }

  /// Closes the descriptor after the program has exited.
  func close() { state.withLock { Self.close(&$0) } }

  private static func close(_ state: inout State) {
    if let descriptor = state.descriptor { Glibc.close(descriptor) }
    state.descriptor = nil
  }
}
