import Compose
import DockerEngine
import YAML

/// Output and exit codes of service hooks.
extension Pod {
  /// Runs work in a container while that is running. Some engines never report the exit of a
  /// command that is killed with its container.
  ///
  /// - Throws: errors of `work`; `ContainerGone` 2 s after the container's exit.
  func whileRunning(
    _ name: String, _ number: Int, _ work: @escaping @Sendable (isolated Pod) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await work(self) }
      group.addTask { try await self.waitForExit(of: name, number) }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func waitForExit(of name: String, _ number: Int) async throws {
    func isGone() -> Bool {
      members[name]?.run.number != number || members[name]?.state != .running
    }
    repeat {
      try await wait { isGone() }
      // The command's own exit is the better report, and may arrive shortly after.
      try await Task.sleep(for: .seconds(2))
    } while !isGone()
    throw ContainerGone(
      description: "the post_start of service '\(name)' did not exit with its container")
  }

  /// A container has exited, and the exit of the command in it wasn't reported.
  private struct ContainerGone: Error, CustomStringConvertible {
    let description: String
  }

  /// Forwards a hook's output as whole lines, with the service's name before each.
  ///
  /// - Returns: the last lines of its standard error, or of its standard output if that is empty.
  func forward(
    _ frames: OutputFrames, label: String, index: Int
  ) async throws -> [String] {
    let prefix = output.prefix(service: label, index: index)
    var assemblers: [OutputStreamKind: LineAssembler] = [:]
    var tails: [OutputStreamKind: OutputTail] = [:]
    for try await frame in frames {
      var lines: [UInt8] = []
      assemblers[frame.stream, default: LineAssembler(prefix: prefix)]
        .feed(frame.bytes, into: &lines)
      tails[frame.stream, default: OutputTail()].append(frame.bytes)
      await write(lines, of: label, to: frame.stream, assemblers[frame.stream]?.piece())
    }
    for stream in assemblers.keys {
      var lines: [UInt8] = []
      assemblers[stream]?.finish(into: &lines)
      await write(lines, of: label, to: stream, assemblers[stream]?.piece())
    }
    let errors = tails[.stderr]?.lines ?? []
    return errors.isEmpty ? tails[.stdout]?.lines ?? [] : errors
  }

  private func write(
    _ lines: [UInt8], of label: String, to stream: OutputStreamKind, _ piece: OutputPiece?
  ) async {
    guard !lines.isEmpty, let piece else { return }
    let service = String(label.prefix { $0 != " " })
    await output.write(lines, piece, of: service, isHook: true, to: stream)
  }

  static func check(
    _ code: Int, _ tail: [String], _ subject: String, at position: SourcePosition
  ) throws(Failure) {
    guard code != 0 else { return }
    throw Failure(
      DiagnosticError("\(subject) \(text(exitCode: code))", at: position), exitCode: code,
      output: tail)
  }
}
