import YAML

/// Why a pod failed, in the order in which it is printed: the cause, the last output, the hint.
struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The longest text in Unicode scalars. A Mesos status message has 4,096; the list of objects
  /// that could not be removed follows this text.
  static let limit = 3000

  /// The cause, with its position in the file if it has one.
  var cause: String
  /// The cause as an error, without the names of unset variables in its value.
  private(set) var error: DiagnosticError?
  /// The last lines of output of the container or command.
  var output: [String]
  /// The text between the cause and the output.
  var outputLabel = ": "
  /// The fix; nil if the cause is not a common one.
  var hint: String?

  /// Creates a failure and finds its hint by its text.
  ///
  /// - Parameters:
  ///   - cause: the cause.
  ///   - exitCode: the exit code of the process, if one exited.
  ///   - output: its last lines of output.
  init(_ cause: String, exitCode: Int? = nil, output: [String] = []) {
    self.cause = cause
    self.output = output
    hint = CommonCause.find(cause: cause, exitCode: exitCode, output: output)?.hint
  }

  /// Creates a failure that a line of the file causes.
  init(_ error: DiagnosticError, exitCode: Int? = nil, output: [String] = []) {
    self.init("\(error)", exitCode: exitCode, output: output)
    self.error = error
  }

  var description: String { text() }

  /// The failure as one text. If it is too long, the output is shortened first, beginning with its
  /// oldest line, then the cause. The hint is never shortened.
  ///
  /// - Parameter limit: the maximum number of Unicode scalars.
  /// - Returns: the text.
  func text(limit: Int = Self.limit) -> String {
    let tail = hint.map { "; hint: \($0)" } ?? ""
    let room = max(1, limit - tail.unicodeScalars.count)
    var rest = room - cause.unicodeScalars.count - outputLabel.unicodeScalars.count
    var lines: [String] = []
    for line in output.reversed() {
      let separator = lines.isEmpty ? 0 : 3
      guard rest - separator > 20 else { break }
      lines.insert(line.shortened(to: rest - separator), at: 0)
      rest -= line.unicodeScalars.count + separator
    }
    let last = lines.isEmpty ? "" : outputLabel + lines.joined(separator: " / ")
    return cause.shortened(to: room) + last + tail
  }
}

extension String {
  /// The text in at most `limit` Unicode scalars; an ellipsis, which counts, replaces the rest.
  func shortened(to limit: Int) -> String {
    guard unicodeScalars.count > limit else { return self }
    return String(unicodeScalars.prefix(max(0, limit - 1))) + "…"
  }
}
