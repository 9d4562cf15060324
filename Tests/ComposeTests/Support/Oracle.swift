import Foundation

/// Docker Compose 5, whose `config` output ours must equal.
enum Oracle {
  /// The program; nil where none is given.
  static let program = ProcessInfo.processInfo.environment["COMPOSE5"]

  /// What a program answered.
  struct Answer: Sendable {
    var output: String
    var errors: String
    var status: Int32
  }

  /// The oracle's `config` for some files.
  static func config(
    _ item: CorpusCase, format: String, directory: String? = nil
  ) async throws -> Answer {
    let name = item.isNamed ? [] : ["-p", "parity"]
    let folder = directory.map { ["--project-directory", $0] } ?? []
    return try await ask(
      name + folder + item.arguments + ["config", "--format", format],
      environment: CorpusCase.variables)
  }

  /// What the oracle answers that is given some variables.
  static func ask(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> Answer {
    try await output(of: program ?? "docker-compose", arguments, environment: environment)
  }

  /// What a program answers that is given some variables.
  static func output(
    of program: String, _ arguments: [String], environment: [String: String]
  ) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      turns.addOperation {
        continuation.resume(
          with: Result {
            try run(program, arguments, environment: inherited.merging(environment) { $1 })
          })
      }
    }
  }

  /// The oracle answers questions on threads of its own: a wait on one of the few threads that all tests share would
  /// hold up those with a deadline.
  private static let turns = {
    let turns = OperationQueue()
    turns.maxConcurrentOperationCount = ProcessInfo.processInfo.activeProcessorCount
    return turns
  }()

  private static var inherited: [String: String] {
    let own = ProcessInfo.processInfo.environment
    return own.filter { ["PATH", "HOME"].contains($0.key) || $0.key.hasPrefix("PYENV") }
  }

  private static func run(
    _ program: String, _ arguments: [String], environment: [String: String]
  ) throws -> Answer {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = environment
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let outputData = output.fileHandleForReading.readDataToEndOfFile()
    let errorData = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Answer(
      output: String(decoding: outputData, as: UTF8.self),
      errors: String(decoding: errorData, as: UTF8.self), status: process.terminationStatus)
  }
}
