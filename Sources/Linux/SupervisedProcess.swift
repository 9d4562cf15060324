import CLinux
import Dispatch
import Glibc
import Synchronization
import SystemPackage

/// A program on the host that ends with this process, however that ends, and with all that it started.
public struct SupervisedProcess: Sendable {
  /// How a program ended.
  public enum Ending: Sendable, Equatable {
    /// By itself, with this code.
    case exited(Int32)
    /// By this signal.
    case signalled(Int32)
  }

  /// Its path, or a name that is looked up on the PATH of `environment`.
  let program: String
  /// What it is given.
  let arguments: [String]
  /// What it sees.
  let environment: [String: String]
  /// Where it runs.
  let folder: String

  /// Describes a program without starting it.
  ///
  /// - Parameters:
  ///   - program: its path, or a name that is looked up on the PATH of `environment`.
  ///   - arguments: what it is given.
  ///   - environment: what it sees.
  ///   - folder: where it runs.
  public init(
    _ program: String, _ arguments: [String], environment: [String: String], folder: String
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.folder = folder
  }

  /// Runs it to its end or its deadline; what it left running ends then, too.
  ///
  /// - Parameters:
  ///   - limit: how long it may take; nil for as long as this task isn't cancelled.
  ///   - input: its standard input; nil for none.
  ///   - output: its standard output; nil for nowhere.
  ///   - error: its standard error; nil for nowhere.
  /// - Returns: how it ended; nil where its time was over.
  /// - Throws: `Errno` where it can't be started, `CancellationError`.
  public func run(
    within limit: Duration?, input: FileDescriptor? = nil, output: FileDescriptor? = nil,
    error: FileDescriptor? = nil
  ) async throws -> Ending? {
    try Task.checkCancellation()
    let lifeline = Lifeline()
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

  /// Runs it to its end, and reads what it wrote.
  ///
  /// - Parameter input: what it reads.
  /// - Returns: how it ended, and the end of what it wrote to its standard output and to its standard error.
  /// - Throws: `Errno` where it can't be started, `CancellationError`.
  public func texts(input: String) async throws -> (Ending?, output: String, error: String) {
    let files = try UnlinkedFiles(input: input)
    defer { files.close() }
    let ending = try await run(
      within: nil, input: files.input, output: files.output, error: files.error)
    return (ending, try UnlinkedFile.text(of: files.output), try UnlinkedFile.text(of: files.error))
  }

  /// A thread waits: there may be no other way to hear of the end, and none is held up by it.
  private func ending(_ lifeline: Lifeline, files: [FileDescriptor?]) async throws -> Ending {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "program").async {
        continuation.resume(
          with: Result { try wait(lifeline, files: files) })
      }
    }
  }

  private func wait(_ lifeline: Lifeline, files: [FileDescriptor?]) throws -> Ending {
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
    return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
  }

  private func withPointers(_ start: (inout linux_program) -> Int32) -> Int32 {
    var words = ([path] + arguments).map { strdup($0) }
    var variables = environment.map { strdup("\($0.key)=\($0.value)") }
    defer { for text in words + variables { free(text) } }
    words.append(nil)
    variables.append(nil)
    return folder.withCString { folder in
      words.withUnsafeBufferPointer { words in
        variables.withUnsafeBufferPointer { variables in
          var program = linux_program()
          program.folder = folder
          program.arguments = words.baseAddress
          program.environment = variables.baseAddress
          return start(&program)
        }
      }
    }
  }

  /// Where the program is: as named, if no folder of PATH has it, so that the kernel says what is wrong.
  private var path: String {
    if program.contains("/") { return program }
    let folders = (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 } ?? program
  }
}

/// What a program lives by: it ends when the descriptor is closed, by this process or with it.
private final class Lifeline: Sendable {
  private struct State {
    var descriptor: Int32?
    var isCut = false
  }
  private let state = Mutex(State())

  /// Whether the program was told to end before it did.
  var isCut: Bool { state.withLock { $0.isCut } }

  /// Holds a program's; one that is cut already is closed.
  func take(_ descriptor: Int32) {
    state.withLock {
      if $0.isCut { Glibc.close(descriptor) } else { $0.descriptor = descriptor }
    }
  }

  /// Ends the program.
  func cut() {
    state.withLock {
      $0.isCut = true
      Self.close(&$0)
    }
  }

  /// Lets go: the program has ended.
  func close() { state.withLock { Self.close(&$0) } }

  private static func close(_ state: inout State) {
    if let descriptor = state.descriptor { Glibc.close(descriptor) }
    state.descriptor = nil
  }
}
