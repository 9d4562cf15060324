import Dispatch
import Foundation

/// Docker Compose 5, whose `config` output ours must equal.
enum Oracle {
  /// The program; nil where none of version 5 is on the PATH.
  static let program: String? = {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for folder in path.split(separator: ":") {
      let candidate = "\(folder)/docker-compose"
      guard FileManager.default.isExecutableFile(atPath: candidate) else { continue }
      if let answer = try? run(candidate, ["version", "--short"], environment: inherited),
        answer.output.contains("5.")
      {
        return candidate
      }
    }
    return nil
  }()

  /// What a program answered.
  struct Answer: Sendable {
    var output: String
    var errors: String
    var status: Int32
  }

  /// The oracle's `config` for some files.
  static func config(
    _ item: CorpusCase, format: String, directory: String? = nil, environment: [String: String]
  ) async throws -> Answer {
    let name = item.isNamed ? [] : ["-p", "parity"]
    let folder = directory.map { ["--project-directory", $0] } ?? []
    let arguments = name + folder + item.arguments + ["config", "--format", format]
    guard let program else { throw Missing() }
    return try await output(of: program, arguments, environment: environment)
  }

  /// What a program answers that is given some variables.
  static func output(
    of program: String, _ arguments: [String], environment: [String: String]
  ) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      turns.async {
        continuation.resume(
          with: Result {
            try run(program, arguments, environment: inherited.merging(environment) { $1 })
          })
      }
    }
  }

  /// The oracle answers one question after another, on a thread of its own: a wait on one of the few threads that
  /// all tests share would hold up those with a deadline.
  private static let turns = DispatchQueue(label: "oracle")

  /// Thrown where the oracle isn't installed.
  struct Missing: Error, CustomStringConvertible {
    var description: String { "docker-compose 5 is not on the PATH; `make deps` installs it" }
  }

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
