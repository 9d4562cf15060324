import Foundation

/// Docker Compose 5, whose `config` output must be equal to ours.
enum Oracle {
  /// The path of the program. Nil if COMPOSE5 is not set.
  static let program = ProcessInfo.processInfo.environment["COMPOSE5"]

  /// The result of a program.
  struct Response: Sendable {
    var output: String
    var errors: String
    var status: Int32
  }

  /// Runs `config` of Docker Compose for a case.
  static func config(
    _ item: CorpusCase, format: String, directory: String? = nil
  ) async throws -> Response {
    let name = item.isNamed ? [] : ["-p", "parity"]
    let directory = directory.map { ["--project-directory", $0] } ?? []
    return try await ask(
      name + directory + item.arguments + ["config", "--format", format],
      environment: CorpusCase.variables)
  }

  /// Runs Docker Compose with additional variables.
  static func ask(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> Response {
    try await output(of: program ?? "docker-compose", arguments, environment: environment)
  }

  /// Runs a program with additional variables.
  static func output(
    of program: String, _ arguments: [String], environment: [String: String]
  ) async throws -> Response {
    try await withCheckedThrowingContinuation { continuation in
      turns.addOperation {
        continuation.resume(
          with: Result {
            try run(program, arguments, environment: inherited.merging(environment) { $1 })
          })
      }
    }
  }

  /// Runs programs on threads of its own. A blocked thread of the few that all tests share would
  /// delay tests with a deadline.
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
  ) throws -> Response {
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
    return Response(
      output: String(decoding: outputData, as: UTF8.self),
      errors: String(decoding: errorData, as: UTF8.self), status: process.terminationStatus)
  }
}
