/// One of the two files of a report, recognized by its contents on a file system without extended
/// attributes.
enum ReportForm: String, CustomStringConvertible {
  case json, txt

  var description: String { rawValue }

  /// Whether a text is a report that the new one may replace: of the same task, or of another run.
  ///
  /// - Parameters:
  ///   - text: the beginning of a file.
  ///   - report: the new report.
  /// - Returns: whether it is.
  func isReplaceable(_ text: String, by report: SandboxReport) -> Bool {
    guard isReport(text) else { return false }
    return !text.contains(line("run", report.run)) || text.contains(line("task", report.task))
  }

  private func isReport(_ text: String) -> Bool {
    switch self {
    case .json: text.hasPrefix("{\n \"version\": 1,\n \"report\": \"pod\",")
    case .txt:
      text.hasPrefix("task       ") && text.contains("\nended      ")
        && text.contains("\nAll of it is in pod-report.json. Written by ")
    }
  }

  /// A member of the document, or a line of the text.
  private func line(_ name: String, _ value: String) -> String {
    switch self {
    case .json: "\n \"\(name)\": \"\(value)\","
    case .txt:
      // The task's ID is the first line; a long one is wrapped.
      (name == "task" ? "" : "\n") + name + String(repeating: " ", count: 11 - name.count)
        + value.prefix(40)
    }
  }
}
