import YAML

/// Why a pod failed, in the order in which it is printed: the cause, the last output, what to do.
struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The longest text in Unicode scalars: a Mesos status message has 4,096, and what could not be removed comes behind.
  static let limit = 3000

  /// What happened, with the place in the file where there is one.
  var cause: String
  /// The same, as long as the variables that are not set in its value aren't named.
  private(set) var error: ComposeError?
  /// The last lines that the container or command wrote.
  var output: [String]
  /// What stands before them.
  var outputLabel = ": "
  /// What to do; nil where the cause is no common one.
  var hint: String?

  /// A failure; its hint is found by its text.
  ///
  /// - Parameters:
  ///   - cause: what happened.
  ///   - exitCode: how a process exited, if one did.
  ///   - output: its last lines.
  init(_ cause: String, exitCode: Int? = nil, output: [String] = []) {
    self.cause = cause
    self.output = output
    hint = CommonCause.find(cause: cause, exitCode: exitCode, output: output)?.hint
  }

  /// A failure of which a line of the file is the cause.
  init(_ error: ComposeError, exitCode: Int? = nil, output: [String] = []) {
    self.init("\(error)", exitCode: exitCode, output: output)
    self.error = error
  }

  var description: String { text() }

  /// The failure in one text. Where that would be too long, the output is cut first, its oldest line before the others;
  /// then the cause. The hint stays whole.
  ///
  /// - Parameter limit: the number of Unicode scalars.
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
  /// At most so many Unicode scalars of the text, an ellipsis included where it was cut.
  func shortened(to limit: Int) -> String {
    guard unicodeScalars.count > limit else { return self }
    return String(unicodeScalars.prefix(max(0, limit - 1))) + "…"
  }
}
